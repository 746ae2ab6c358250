//! Keeps what a command prints: a file up to a limit, head and tail in memory, size and digest of everything.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::sync::Arc;

use runbook_model::digest::Digester;
use runbook_model::excerpt::{Bytes, Excerpt, KEPT};
use runbook_model::size::Size;

use crate::secret::{Patterns, Veil};

/// The most bytes of one stream that are kept on disk when nobody says otherwise.
pub(super) const LIMIT: Size = Size::from_mib(64);

/// The most bytes of the end of a long stream that are kept for its file. They wait in memory, because nobody knows which
/// bytes are the last ones before the stream has ended.
const LONGEST_END: u64 = 256 * 1024;

/// One output stream of one command. Its memory does not grow with what is printed.
pub(super) struct Capture {
    veil: Veil,
    kept: Kept,
}

/// What is known of the stream behind the veil.
struct Kept {
    file: Spool,
    /// So many bytes go into the file as they come.
    room: u64,
    /// So many of the rest are added at the end.
    end_room: usize,
    /// So many are in the file.
    written: u64,
    /// The latest bytes behind `room`: at least `end_room` of them when there were as many.
    end: Vec<u8>,
    /// So many bytes are kept for the journal.
    most: usize,
    size: u64,
    digest: Digester,
    head: Vec<u8>,
    tail: Vec<u8>,
}

/// What a file was to hold and does not.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Lost {
    /// How many bytes.
    pub(super) bytes: u64,
    /// Why.
    pub(super) why: String,
}

enum Spool {
    /// Made when the first byte comes: most commands print nothing to one of the two streams.
    NotYet(PathBuf),
    Open(File),
    /// No file is wanted.
    None,
    Failed(String),
}

impl Capture {
    /// Captures into a file at `path`, if one is wanted, of at most `limit` bytes and a remark.
    pub(super) fn new(path: Option<PathBuf>, limit: u64, secrets: Arc<Patterns>) -> Self {
        let file = path.map_or(Spool::None, Spool::NotYet);
        let end_room = LONGEST_END.min(limit / 2);
        let kept = Kept {
            file,
            room: limit - end_room,
            end_room: usize::try_from(end_room).unwrap_or(usize::MAX),
            written: 0,
            end: Vec::new(),
            most: usize::try_from(limit).map_or(KEPT, |limit| limit.min(KEPT)),
            size: 0,
            digest: Digester::default(),
            head: Vec::new(),
            tail: Vec::new(),
        };
        Self { veil: Veil::new(secrets), kept }
    }

    /// Takes these secrets out from now on: more than before.
    pub(super) fn search_for(&mut self, secrets: &Arc<Patterns>) {
        self.veil.search_for(secrets);
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

    /// How many bytes the file holds of it by now, or would if writing had not failed.
    pub(super) fn spooled(&self) -> u64 {
        self.kept.size.min(self.kept.room)
    }

    /// What the journal keeps, and what the file should and does not. That is no loss when the journal keeps everything.
    pub(super) fn finish(self) -> (Excerpt, Option<Lost>) {
        let Kept { mut file, room, end_room, written, end, most, size, digest, mut head, mut tail, .. } = self.kept;
        let digest = digest.finish();
        let beyond = size.saturating_sub(room);
        if beyond > 0
            && let Spool::Open(open) = &mut file
            && let Err(error) = finish_file(open, beyond, end_room, &end, &format!("{size} bytes have the SHA-256 {digest}"))
        {
            file = Spool::Failed(error.to_string());
        }
        let cut = size > most as u64;
        let tail = cut.then(|| {
            head.truncate(most / 2);
            Bytes(tail.split_off(tail.len() - most / 2))
        });
        let wanted = size.min(room) + beyond.min(end_room as u64);
        let lost = match file {
            Spool::Failed(why) if cut => Some(Lost { bytes: wanted - written, why }),
            _ => None,
        };
        (Excerpt { size, digest, head: Bytes(head), tail }, lost)
    }
}

/// Adds the end of a stream to its file: all `beyond` bytes behind the head when they are few enough, else a remark and the
/// latest `end_room` of them.
fn finish_file(file: &mut File, beyond: u64, end_room: usize, end: &[u8], all: &str) -> io::Result<()> {
    if beyond <= end_room as u64 {
        return file.write_all(end);
    }
    let dropped = beyond - end_room as u64;
    write!(file, "\n[runbook: {dropped} bytes are left out here; all {all}]\n")?;
    file.write_all(&end[end.len() - end_room..])
}

/// Adds bytes to the latest ones of a stream, of which at least `room` are wanted. Older ones are dropped by the heap, so that
/// short writes do not move everything each time.
fn add_latest(latest: &mut Vec<u8>, bytes: &[u8], room: usize) {
    latest.extend_from_slice(&bytes[bytes.len().saturating_sub(room)..]);
    if latest.len() > 2 * room {
        latest.drain(..latest.len() - room);
    }
}

impl Kept {
    fn add(&mut self, bytes: &[u8]) {
        self.spool(bytes);
        self.size += bytes.len() as u64;
        self.digest.update(bytes);
        let room = self.most - self.head.len();
        self.head.extend_from_slice(&bytes[..room.min(bytes.len())]);
        add_latest(&mut self.tail, bytes, self.most / 2);
    }

    /// A full disk must not stop the command: it would block for ever in `write`. So the failure is kept, and reading goes on.
    fn spool(&mut self, bytes: &[u8]) {
        if let Err(error) = self.try_spool(bytes) {
            self.file = Spool::Failed(error.to_string());
        }
    }

    fn try_spool(&mut self, bytes: &[u8]) -> io::Result<()> {
        if let Spool::NotYet(path) = &self.file {
            self.file = Spool::Open(super::door::create_private(path)?);
        }
        let Spool::Open(file) = &mut self.file else { return Ok(()) };
        let room = usize::try_from(self.room - self.size.min(self.room)).unwrap_or(usize::MAX).min(bytes.len());
        let mut rest = &bytes[..room];
        while !rest.is_empty() {
            match file.write(rest) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => {
                    // Also when the next piece fails: a disk takes what it has room for.
                    self.written += count as u64;
                    rest = &rest[count..];
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        if room < bytes.len() {
            add_latest(&mut self.end, &bytes[room..], self.end_room);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::FileExt as _;

    use proptest::prelude::*;

    fn captured(dir: &std::path::Path, bytes: &[u8], piece: usize, limit: u64) -> (Excerpt, Option<Lost>) {
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
            let (excerpt, fault) = captured(dir.path(), &bytes, piece, LIMIT.bytes());
            prop_assert_eq!(excerpt, Excerpt::of(&bytes));
            prop_assert_eq!(fault, None);
            prop_assert_eq!(std::fs::read(dir.path().join("1.stdout")).unwrap_or_default(), bytes);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn a_file_with_a_limit_holds_both_ends_and_says_what_is_missing(size in 0usize..4000, piece in 1usize..700, limit in 100u64..2000) {
            let dir = tempfile::tempdir().expect("a place");
            let bytes: Vec<u8> = (0..size).map(|at| b'a' + (at * 7 / 3 % 26) as u8).collect();
            let (excerpt, fault) = captured(dir.path(), &bytes, piece, limit);
            prop_assert_eq!(fault, None);
            prop_assert_eq!((excerpt.size, excerpt.digest), (size as u64, runbook_model::digest::Digest::of(&bytes)));
            let limit = limit as usize;
            prop_assert!(excerpt.head.0.len() + excerpt.tail.as_ref().map_or(0, |tail| tail.0.len()) <= limit);
            let file = String::from_utf8(std::fs::read(dir.path().join("1.stdout")).unwrap_or_default()).expect("text");
            if size <= limit {
                prop_assert_eq!(file.into_bytes(), bytes);
            } else {
                let (head, rest) = file.split_once("\n[runbook: ").expect("a remark");
                let (remark, tail) = rest.split_once("]\n").expect("a remark");
                prop_assert_eq!(head.len() + tail.len(), limit);
                prop_assert!(bytes.starts_with(head.as_bytes()) && bytes.ends_with(tail.as_bytes()));
                let dropped = format!("{} bytes are left out here", size - limit);
                let digest = excerpt.digest.to_string();
                prop_assert!(remark.starts_with(&dropped) && remark.ends_with(&digest), "{}", remark);
            }
        }
    }

    #[test]
    fn a_file_that_cannot_be_written_is_no_loss_when_the_journal_keeps_everything() {
        let dir = tempfile::tempdir().expect("a place");
        assert_eq!(captured(&dir.path().join("missing"), b"still counted", 5, 100), (Excerpt::of(b"still counted"), None));
    }

    #[test]
    fn what_a_full_disk_did_not_take_is_counted_on_both_sides_of_the_limit() {
        for (printed, limit, lost) in [(101, 100, 100), (1000, 100, 100), (KEPT + 1, 10 * KEPT as u64, KEPT as u64 + 1)] {
            let mut capture = Capture::new(None, limit, Arc::default());
            capture.kept.file = Spool::Open(File::options().write(true).open("/dev/full").expect("Linux"));
            vec![b'x'; printed].chunks(7).for_each(|piece| capture.push(piece, &mut |_| ()));
            let (excerpt, found) = capture.finish();
            assert_eq!(excerpt.size, printed as u64);
            let found = found.expect("a loss");
            assert!(found.bytes == lost && found.why.contains("No space left"), "{printed} of {limit}: {found:?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        /// The disk is full in the middle of a piece: what it took of it is not lost.
        #[test]
        fn what_a_disk_took_before_it_was_full_is_not_counted(room in 0u64..30_000, piece in 1usize..9000) {
            let mut capture = Capture::new(None, LIMIT.bytes(), Arc::default());
            let file = small_file(room);
            capture.kept.file = Spool::Open(file.try_clone().expect("another"));
            let printed = vec![b'x'; KEPT + 4000];
            printed.chunks(piece).for_each(|piece| capture.push(piece, &mut |_| ()));
            let lost = capture.finish().1.expect("a loss");
            let mut taken = vec![0; usize::try_from(room).expect("small")];
            file.read_exact_at(&mut taken, 0).expect("room");
            let taken = taken.iter().filter(|byte| **byte == b'x').count();
            prop_assert_eq!(lost.bytes, (printed.len() - taken) as u64);
        }
    }

    /// A file in memory that may not grow beyond `room` bytes.
    fn small_file(room: u64) -> File {
        use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};
        let file = File::from(memfd_create("small", MemfdFlags::ALLOW_SEALING).expect("Linux"));
        file.set_len(room).expect("room");
        fcntl_add_seals(&file, SealFlags::GROW).expect("sealed");
        file
    }
}
