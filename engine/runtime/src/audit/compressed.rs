//! A journal that is compressed by a thread of its own while another one reads and checks it: of a long one each takes about half
//! of what whoever waits for its end waits for.

use std::io::BufRead as _;
use std::ops::RangeInclusive;
use std::thread::{self, Scope, ScopedJoinHandle};

use git2::Oid;

use super::blob_id::BlobId;
use super::journal::Journal;
use super::pack::{self, Kind};
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
        let compressor = thread::Builder::new().name("compressor".to_owned());
        compressor.spawn_scoped(scope, move || Self::of(journal)).ok().map(Aside)
    }

    /// `None` when it cannot be read or named: why not is found, and told, by whoever reads it beside.
    fn of(journal: &Journal) -> Option<Self> {
        let (mut reader, size) = journal.open().ok()?;
        let (mut name, mut compressor, mut bytes) = (BlobId::of_size(size), pack::Compressor::new(), Vec::new());
        loop {
            let piece = reader.fill_buf().ok()?;
            if piece.is_empty() {
                break;
            }
            name.update(piece);
            let mut rest = piece;
            while !rest.is_empty() {
                // What repeats itself as much as a journal needs a tenth.
                bytes.reserve(rest.len() / 8 + 64);
                rest = compressor.step(rest, &mut bytes).ok()?;
            }
            let taken = piece.len();
            reader.consume(taken);
        }
        loop {
            bytes.reserve(4096);
            if compressor.end(&mut bytes).ok()? {
                return name.finish().map(|id| Self { id, size, bytes });
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

    use super::super::journal::tests::{is_clean, long, packs, place};
    use super::*;

    fn aside(journal: &Journal, size: u64) -> Option<Compressed> {
        thread::scope(|scope| Compressed::aside(scope, journal, size).and_then(Aside::done))
    }

    #[test]
    fn a_journal_that_was_compressed_aside_is_in_the_pack_byte_by_byte() {
        let bytes = long();
        let (place, in_a_file) = place(&bytes);
        let length = bytes.len() as u64;
        let id = Oid::hash_object(ObjectType::Blob, &bytes).expect("a name");
        for journal in [in_a_file, Journal::Bytes(bytes.clone())] {
            let compressed = Compressed::of(&journal).expect("it can be read");
            // With one processor nothing is compressed aside.
            let aside = aside(&journal, length);
            assert!(aside.as_ref().map(|aside| &aside.bytes) == SEVERAL.then_some(&compressed.bytes));
            assert!(compressed.is_of(id) && !compressed.is_of(Oid::ZERO_SHA1));
            let mut pack = pack::Writer::begin(&packs(place.path()), 1).expect("a pack");
            compressed.write(&mut pack).expect("written");
            pack.finish().expect("written");
        }
        let repository = Repository::open_bare(place.path()).expect("a repository");
        assert!(repository.find_blob(id).expect("it is there").content() == bytes);
        is_clean(place.path());
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
        assert!(Compressed::of(&nowhere).is_none() && aside(&nowhere, *WORTH.start()).is_none());
    }
}
