//! A journal that is compressed by a thread of its own while another one reads and checks it: of a long one each takes about half
//! of what whoever waits for its end waits for.

use std::io::BufRead as _;
use std::ops::RangeInclusive;
use std::thread::{self, Scope, ScopedJoinHandle};

use git2::Oid;

use super::blob_id::BlobId;
use super::journal::Journal;
use super::pack::{self, Kind};
use super::seal::SealError;
use super::unwritten::Unwritten;
use crate::watch::SEVERAL;

/// The journals that it is done for, by their bytes: a thread costs more than a short one, and of the longest, whose compressed form
/// is a tenth, nothing is held.
const WORTH: RangeInclusive<u64> = 128 * 1024..=16 * 1024 * 1024;

/// The compressed form of a journal.
pub(super) struct Compressed {
    id: Oid,
    size: u64,
    bytes: Vec<u8>,
}

/// A journal that is being compressed.
pub(super) struct Aside<'scope>(ScopedJoinHandle<'scope, Option<Compressed>>);

impl Compressed {
    /// Begins to compress a journal of `size` bytes; `None` when that is better done later, by whoever writes it.
    pub(super) fn aside<'scope>(scope: &'scope Scope<'scope, '_>, journal: &'scope Journal, size: u64) -> Option<Aside<'scope>> {
        if !WORTH.contains(&size) || !*SEVERAL {
            return None;
        }
        let compress = move || Self::of(journal).ok().flatten();
        thread::Builder::new().name("compressor".to_owned()).spawn_scoped(scope, compress).ok().map(Aside)
    }

    /// Whatever keeps it from being read or named is found, and told, by whoever reads it beside.
    fn of(journal: &Journal) -> Result<Option<Self>, SealError> {
        let (mut reader, size) = journal.open()?;
        let (mut name, mut compressor, mut bytes) = (BlobId::of_size(size), pack::Compressor::new(), Vec::new());
        loop {
            let piece = reader.fill_buf().map_err(|error| journal.unread(error))?;
            if piece.is_empty() {
                break;
            }
            name.update(piece);
            let mut rest = piece;
            while !rest.is_empty() {
                // What repeats itself as much as a journal needs a tenth.
                bytes.reserve(rest.len() / 8 + 64);
                rest = compressor.step(rest, &mut bytes).map_err(|error| journal.unread(error))?;
            }
            let taken = piece.len();
            reader.consume(taken);
        }
        loop {
            bytes.reserve(4096);
            if compressor.end(&mut bytes).map_err(|error| journal.unread(error))? {
                return Ok(name.finish().map(|id| Self { id, size, bytes }));
            }
        }
    }

    /// Whether the bytes that were compressed are those of this name.
    pub(super) fn is_of(&self, id: Oid) -> bool {
        self.id == id
    }

    /// Writes it to a pack.
    pub(super) fn write(&self, pack: &mut pack::Writer) -> Result<(), Unwritten> {
        pack.compressed(self.id, Kind::Blob, self.size, &self.bytes)
    }
}

impl Aside<'_> {
    /// What came of it, when that is done.
    pub(super) fn done(self) -> Option<Compressed> {
        self.0.join().ok().flatten()
    }
}

#[cfg(test)]
mod tests {
    use git2::{ObjectType, Repository};

    use super::*;

    fn aside(journal: &Journal, size: u64) -> Option<Compressed> {
        thread::scope(|scope| Compressed::aside(scope, journal, size).and_then(Aside::done))
    }

    /// Hardly any two lines of it are alike, so that its compressed form is longer than what is set aside for it.
    fn long() -> Vec<u8> {
        let lines = (0_u64..40_000).map(|line| format!("{:016x}\n", line.wrapping_mul(0x9e37_79b9_7f4a_7c15)));
        lines.collect::<String>().into_bytes()
    }

    #[test]
    fn a_journal_that_was_compressed_aside_is_in_the_pack_byte_by_byte() {
        let bytes = long();
        let place = tempfile::tempdir().unwrap();
        Repository::init_bare(place.path()).unwrap();
        let path = place.path().join("journal");
        std::fs::write(&path, [bytes.as_slice(), b"{\"torn"].concat()).unwrap();
        let length = bytes.len() as u64;
        let id = Oid::hash_object(ObjectType::Blob, &bytes).unwrap();
        for journal in [Journal::File { path, length }, Journal::Bytes(bytes.clone())] {
            let compressed = Compressed::of(&journal).unwrap().unwrap();
            // With one processor nothing is compressed aside.
            let aside = aside(&journal, length);
            assert!(aside.as_ref().map(|aside| &aside.bytes) == SEVERAL.then_some(&compressed.bytes));
            assert!(compressed.is_of(id) && !compressed.is_of(Oid::ZERO_SHA1));
            let mut pack = pack::Writer::begin(&place.path().join("objects/pack"), 1).unwrap();
            compressed.write(&mut pack).unwrap();
            pack.finish().unwrap();
        }
        let repository = Repository::open_bare(place.path()).unwrap();
        assert!(repository.find_blob(id).unwrap().content() == bytes);
        let mut fsck = std::process::Command::new("git");
        let fsck = fsck.args(["fsck", "--strict", "--full", "--no-dangling"]).current_dir(place.path()).output().unwrap();
        assert!(fsck.status.success(), "{}", String::from_utf8_lossy(&fsck.stderr));
    }

    #[test]
    fn what_is_short_or_very_long_is_left_to_whoever_writes_it() {
        let journal = Journal::Bytes(long());
        for size in [0, WORTH.start() - 1, WORTH.end() + 1] {
            assert!(aside(&journal, size).is_none());
        }
    }

    #[test]
    fn what_cannot_be_read_is_left_to_whoever_tells_it() {
        let nowhere = Journal::File { path: "/no/such/journal".into(), length: *WORTH.start() };
        assert!(Compressed::of(&nowhere).is_err());
        assert!(aside(&nowhere, *WORTH.start()).is_none());
    }
}
