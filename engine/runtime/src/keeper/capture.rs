//! Keeps what a command prints: a file up to a limit, head and tail in memory, size and digest of everything.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::sync::Arc;

use runbook_model::digest::Digester;
use runbook_model::excerpt::{Bytes, Excerpt, KEPT};

use crate::secret::{Patterns, Veil};

/// The most bytes that the file of one stream holds.
pub(super) const FILE_LIMIT: u64 = 64 * 1024 * 1024;

/// One output stream of one command. Its memory does not grow with what is printed.
pub(super) struct Capture {
    veil: Veil,
    kept: Kept,
}

/// What is known of the stream behind the veil.
struct Kept {
    file: Spool,
    limit: u64,
    size: u64,
    digest: Digester,
    head: Vec<u8>,
    tail: Vec<u8>,
}

enum Spool {
    /// Made when the first byte comes: most commands print nothing to one of the two streams.
    NotYet(PathBuf),
    Open(File),
    /// The limit was reached, or no file is wanted.
    Over,
    Failed(String),
}

impl Capture {
    /// Captures into a file at `path`, if one is wanted, of at most `limit` bytes.
    pub(super) fn new(path: Option<PathBuf>, limit: u64, secrets: Arc<Patterns>) -> Self {
        let file = path.map_or(Spool::Over, Spool::NotYet);
        let kept = Kept { file, limit, size: 0, digest: Digester::default(), head: Vec::new(), tail: Vec::new() };
        Self { veil: Veil::new(secrets), kept }
    }

    /// Takes what was read; `shown` gets it without secrets.
    pub(super) fn push(&mut self, bytes: &[u8], shown: &mut impl FnMut(&[u8])) {
        self.veil.pass(bytes, &mut |clear| {
            self.kept.add(clear);
            shown(clear);
        });
    }

    /// The stream has ended.
    pub(super) fn end(&mut self, shown: &mut impl FnMut(&[u8])) {
        self.veil.end(&mut |clear| {
            self.kept.add(clear);
            shown(clear);
        });
    }

    /// How many bytes the file holds of it, or would if writing had not failed.
    pub(super) fn spooled(&self) -> u64 {
        self.kept.size.min(self.kept.limit)
    }

    /// What the journal keeps, and why the file is not what it should be.
    pub(super) fn finish(self) -> (Excerpt, Option<String>) {
        let Kept { file, size, digest, mut head, mut tail, .. } = self.kept;
        let cut = size > KEPT as u64;
        let tail = cut.then(|| {
            head.truncate(KEPT / 2);
            Bytes(tail.split_off(tail.len() - KEPT / 2))
        });
        let fault = if let Spool::Failed(message) = file { Some(message) } else { None };
        (Excerpt { size, digest: digest.finish(), head: Bytes(head), tail }, fault)
    }
}

impl Kept {
    fn add(&mut self, bytes: &[u8]) {
        self.spool(bytes);
        self.size += bytes.len() as u64;
        self.digest.update(bytes);
        let room = KEPT - self.head.len();
        self.head.extend_from_slice(&bytes[..room.min(bytes.len())]);
        // Twice the length that is wanted, so that short writes do not move the whole tail each time.
        self.tail.extend_from_slice(&bytes[bytes.len().saturating_sub(KEPT / 2)..]);
        if self.tail.len() > KEPT {
            self.tail.drain(..self.tail.len() - KEPT / 2);
        }
    }

    /// A full disk must not stop the command: it would block for ever in `write`. So the failure is kept, and reading goes on.
    fn spool(&mut self, bytes: &[u8]) {
        if let Err((path, error)) = self.try_spool(bytes) {
            let at = self.size;
            let place = path.map(|path| format!(" `{}`", path.display())).unwrap_or_default();
            self.file = Spool::Failed(format!("the output from byte {at} on could not be written to its file{place}: {error}"));
        }
    }

    fn try_spool(&mut self, bytes: &[u8]) -> Result<(), (Option<PathBuf>, io::Error)> {
        if let Spool::NotYet(path) = &self.file {
            let file = super::door::create_private(path).map_err(|error| (Some(path.clone()), error))?;
            self.file = Spool::Open(file);
        }
        let Spool::Open(file) = &mut self.file else { return Ok(()) };
        let room = usize::try_from(self.limit - self.size.min(self.limit)).unwrap_or(usize::MAX);
        if bytes.len() <= room {
            return file.write_all(bytes).map_err(|error| (None, error));
        }
        let limit = self.limit;
        file.write_all(&bytes[..room])
            .and_then(|()| write!(file, "\n[runbook: cut here after {limit} bytes; the command printed more]\n"))
            .map_err(|error| (None, error))?;
        self.file = Spool::Over;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn captured(dir: &std::path::Path, bytes: &[u8], piece: usize, limit: u64) -> (Excerpt, Option<String>) {
        let mut capture = Capture::new(Some(dir.join("1.stdout")), limit, Arc::default());
        let mut shown = Vec::new();
        bytes.chunks(piece).for_each(|piece| capture.push(piece, &mut |bytes| shown.extend_from_slice(bytes)));
        assert_eq!(shown, bytes);
        capture.finish()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn is_the_excerpt_of_the_whole_however_it_arrives(size in 0usize..4 * KEPT, piece in 1usize..2 * KEPT, seed in any::<u8>()) {
            let dir = tempfile::tempdir().expect("a place");
            let bytes: Vec<u8> = (0..size).map(|at| (at as u8).wrapping_mul(31) ^ (at >> 8) as u8 ^ seed).collect();
            let (excerpt, fault) = captured(dir.path(), &bytes, piece, FILE_LIMIT);
            prop_assert_eq!(excerpt, Excerpt::of(&bytes));
            prop_assert_eq!(fault, None);
            prop_assert_eq!(std::fs::read(dir.path().join("1.stdout")).unwrap_or_default(), bytes);
        }
    }

    #[test]
    fn the_file_says_where_it_was_cut_and_the_digest_is_of_everything() {
        let dir = tempfile::tempdir().expect("a place");
        let bytes = vec![b'x'; 1000];
        let (excerpt, fault) = captured(dir.path(), &bytes, 64, 100);
        assert_eq!((excerpt, fault), (Excerpt::of(&bytes), None));
        let file = std::fs::read_to_string(dir.path().join("1.stdout")).expect("written");
        assert!(
            file.starts_with(&"x".repeat(100)) && file.contains("cut here after 100 bytes") && !file.contains(&"x".repeat(101))
        );
    }

    #[test]
    fn a_file_that_cannot_be_written_is_remembered_and_the_rest_is_kept() {
        let dir = tempfile::tempdir().expect("a place");
        let (excerpt, fault) = captured(&dir.path().join("missing"), b"still counted", 5, 100);
        assert_eq!(excerpt, Excerpt::of(b"still counted"));
        assert!(fault.expect("a fault").contains("byte 0"));
    }

    #[test]
    fn a_full_disk_is_remembered() {
        let mut capture = Capture::new(None, 100, Arc::default());
        capture.kept.file = Spool::Open(File::options().write(true).open("/dev/full").expect("Linux"));
        capture.push(b"lost", &mut |_| ());
        capture.push(b"too", &mut |_| ());
        let (excerpt, fault) = capture.finish();
        assert_eq!(excerpt.size, 7);
        assert!(fault.expect("a fault").contains("No space left"));
    }
}
