//! What a command printed, from the file in which the keeper keeps it: more than the journal has, and while it still grows.

use std::fs::File;
use std::io;
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::PathBuf;
use std::sync::Arc;

use runbook_model::id::RunId;
use runbook_runtime::keeper::OutputFiles;
use runbook_runtime::world::live::processes::Key;
use rustix::fs::OFlags;

use super::Desk;
use super::refusal::Refusal;
use super::run_page::look;

/// One of the two streams of an attempt.
#[derive(Debug)]
pub(super) struct Output {
    /// The name of the step.
    pub(super) step: String,
    /// Whether more may come.
    pub(super) grows: bool,
    path: PathBuf,
}

/// Which stream of which attempt of which step.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
pub(super) struct Wanted {
    pub(super) run: String,
    pub(super) step: usize,
    pub(super) attempt: u32,
    pub(super) stream: String,
}

/// A piece of an output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    /// Where it begins, in bytes.
    pub(super) from: u64,
    pub(super) bytes: Vec<u8>,
    /// How long the file was then.
    pub(super) size: u64,
    /// Whether nothing whole is behind it: half of a character at most.
    pub(super) is_last: bool,
}

/// The path of a stream; nothing of it was typed by anybody.
pub(super) fn path(
    desk: &Desk,
    run: RunId,
    step: &runbook_model::path::StepPath,
    attempt: runbook_model::id::Attempt,
    stream: &str,
) -> Option<PathBuf> {
    let dir = desk.history().ok()??.dir(run).keeper();
    let files = OutputFiles::of(&dir, Key::of(step, attempt).number());
    match stream {
        "stdout" => Some(files.stdout),
        "stderr" => Some(files.stderr),
        _ => None,
    }
}

impl Output {
    /// Finds it.
    ///
    /// # Errors
    /// There is no such step, attempt or stream.
    pub(super) async fn find(desk: &Arc<Desk>, run: RunId, wanted: &Wanted) -> Result<Self, Refusal> {
        let looked = look(desk, run).await?;
        let dossier = &looked.dossier;
        let step = dossier.account.steps.get(wanted.step).ok_or_else(Refusal::nothing)?;
        let attempt =
            step.attempts.iter().find(|attempt| attempt.intent.attempt.0 == wanted.attempt).ok_or_else(Refusal::nothing)?;
        let path = path(desk, run, &attempt.intent.path, attempt.intent.attempt, &wanted.stream).ok_or_else(Refusal::nothing)?;
        let grows = attempt.outcome.is_none() && attempt.resolved.is_none() && dossier.at_work.is_some();
        Ok(Self { step: step.name.clone(), grows, path })
    }

    /// Opens the file; `None` when nothing was printed, or is not kept here.
    ///
    /// # Errors
    /// It cannot be read.
    pub(super) fn open(&self) -> io::Result<Option<File>> {
        let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
        match File::options().read(true).custom_flags(flags).open(&self.path) {
            Ok(file) if file.metadata()?.is_file() => Ok(Some(file)),
            Ok(_) => Ok(None),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// At most `most` bytes from `from` on, without half of a character at either end while there is more.
    ///
    /// # Errors
    /// It cannot be read.
    pub(super) fn piece(&self, from: u64, most: usize) -> io::Result<Piece> {
        let Some(file) = self.open()? else { return Ok(Piece { from: 0, bytes: Vec::new(), size: 0, is_last: true }) };
        let size = file.metadata()?.len();
        let from = from.min(size);
        let mut bytes = vec![0; usize::try_from(size - from).unwrap_or(usize::MAX).min(most)];
        let mut read = 0;
        while read < bytes.len() {
            match file.read_at(&mut bytes[read..], from + read as u64)? {
                0 => break,
                count => read += count,
            }
        }
        bytes.truncate(read);
        let is_last = from + read as u64 == size;
        let (skip, keep) = whole(&bytes, from > 0, is_last && !self.grows);
        bytes.truncate(keep);
        bytes.drain(..skip);
        Ok(Piece { from: from + skip as u64, bytes, size, is_last })
    }
}

/// Where the first whole character begins and the last one ends: bytes that continue one are passed over at the beginning, and
/// one that is not complete is left for the next piece. What is not UTF-8 at all loses nothing: no more than three bytes move.
fn whole(bytes: &[u8], cut_before: bool, is_end: bool) -> (usize, usize) {
    let continues = |byte: &u8| byte & 0b1100_0000 == 0b1000_0000;
    let skip = if cut_before { bytes.iter().take(3).take_while(|byte| continues(byte)).count() } else { 0 };
    if is_end {
        return (skip, bytes.len());
    }
    let tail = bytes.iter().rev().take(3).take_while(|byte| continues(byte)).count();
    let lead = bytes.len().checked_sub(tail + 1).map(|at| (at, bytes[at]));
    let keep = match lead {
        Some((at, byte)) if byte >= 0b1100_0000 => {
            let length = byte.leading_ones() as usize;
            if length > tail + 1 && length <= 4 { at } else { bytes.len() }
        }
        _ => bytes.len(),
    };
    (skip.min(keep), keep)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Read in pieces of any size, an output is what it was, and no piece of a text shows half of a character.
        #[test]
        fn pieces_are_the_whole(text in "[a-zäß€😀\\n]{0,60}", odd in prop::collection::vec(any::<u8>(), 0..20), most in 8_usize..40, is_text in any::<bool>()) {
            let dir = tempfile::tempdir().unwrap();
            let bytes = if is_text { text.into_bytes() } else { [text.as_bytes(), &odd].concat() };
            let path = dir.path().join("1.stdout");
            std::fs::write(&path, &bytes).unwrap();
            let output = Output { step: String::new(), grows: false, path };
            let (mut all, mut from) = (Vec::new(), 0);
            loop {
                let piece = output.piece(from, most).unwrap();
                prop_assert!(!is_text || std::str::from_utf8(&piece.bytes).is_ok());
                if piece.bytes.is_empty() {
                    break;
                }
                if is_text {
                    prop_assert_eq!(piece.from, from);
                }
                from = piece.from + piece.bytes.len() as u64;
                all.extend(piece.bytes);
            }
            if is_text {
                prop_assert_eq!(all, bytes);
            }
        }
    }

    #[test]
    fn half_of_a_character_waits_for_its_other_half() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("1.stdout");
        std::fs::write(&path, &"a€".as_bytes()[..3]).unwrap();
        let mut output = Output { step: String::new(), grows: true, path: path.clone() };
        assert_eq!(output.piece(0, 100).unwrap().bytes, b"a");
        output.grows = false;
        assert_eq!(output.piece(0, 100).unwrap().bytes.len(), 3, "nothing more comes");
        assert_eq!(output.piece(99, 100).unwrap(), Piece { from: 3, bytes: Vec::new(), size: 3, is_last: true });
        std::fs::remove_file(&path).unwrap();
        std::os::unix::fs::symlink("/etc/passwd", &path).unwrap();
        assert!(output.piece(0, 100).is_err(), "a link is not followed");
    }
}
