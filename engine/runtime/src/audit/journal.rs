//! The bytes of a journal that is sealed. They may be many, so they are read as often as they are needed and never held.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read as _};
use std::path::{Path, PathBuf};

use git2::Oid;

use super::blob_id::BlobId;
use super::pack;
use super::seal::SealError;

/// Where the bytes of a journal are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Journal {
    /// Here: whole lines.
    Bytes(Vec<u8>),
    /// In a file. It is read when the seal's turn comes, so that an offer costs nothing.
    File {
        /// The file.
        path: PathBuf,
        /// How many of its bytes count: whole lines. A torn line behind them is not looked at.
        length: u64,
    },
}

impl Journal {
    /// From its beginning, and how many bytes are to come.
    pub(super) fn open(&self) -> Result<(Box<dyn BufRead + '_>, u64), SealError> {
        match self {
            Self::Bytes(bytes) => Ok((Box::new(bytes.as_slice()), bytes.len() as u64)),
            Self::File { path, length } => {
                let file = File::open(path).map_err(|error| self.unread(error))?;
                // One that was cut is judged by what is left of it.
                let size = file.metadata().map_err(|error| self.unread(error))?.len().min(*length);
                Ok((Box::new(BufReader::with_capacity(64 * 1024, file.take(size))), size))
            }
        }
    }

    /// All of them, to say where they differ from others.
    pub(super) fn bytes(&self) -> Result<Vec<u8>, SealError> {
        let (mut reader, _) = self.open()?;
        let mut bytes = Vec::new();
        reader.read_to_end(&mut bytes).map_err(|error| self.unread(error))?;
        Ok(bytes)
    }

    /// Writes them to a pack. They were read before, and are named `id` since.
    pub(super) fn write(&self, pack: &mut pack::Writer, id: Oid) -> Result<(), SealError> {
        let (mut reader, size) = self.open()?;
        let (mut entry, mut name) = (pack.begun(pack::Kind::Blob, size)?, BlobId::of_size(size));
        loop {
            let piece = reader.fill_buf().map_err(|error| self.unread(error))?;
            if piece.is_empty() {
                break;
            }
            name.update(piece);
            entry.add(piece)?;
            let taken = piece.len();
            reader.consume(taken);
        }
        // What was checked, record by record, is what the trail gets, whatever somebody did to the file meanwhile.
        if name.finish() != Some(id) {
            return Err(self.unread(io::Error::new(io::ErrorKind::InvalidData, "it was changed while it was sealed")));
        }
        Ok(entry.end(id)?)
    }

    /// What to do with an error of its file.
    pub(super) fn unread(&self, source: io::Error) -> SealError {
        let path = match self {
            Self::Bytes(_) => Path::new("(in memory)"),
            Self::File { path, .. } => path,
        };
        SealError::Read { path: path.to_owned(), source }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::fs;

    use git2::{ObjectType, Repository};

    use super::super::pack::{Kind, Writer};
    use super::*;

    /// Hardly any two lines of it are alike, so that its compressed form is longer than any buffer.
    pub(in crate::audit) fn long() -> Vec<u8> {
        let lines = (0_u64..40_000).map(|line| format!("{:016x}\n", line.wrapping_mul(0x9e37_79b9_7f4a_7c15)));
        lines.collect::<String>().into_bytes()
    }

    /// An empty repository, and a journal in a file, with a torn line behind it.
    pub(in crate::audit) fn place(bytes: &[u8]) -> (tempfile::TempDir, Journal) {
        let place = tempfile::tempdir().unwrap();
        Repository::init_bare(place.path()).unwrap();
        let path = place.path().join("journal");
        fs::write(&path, [bytes, b"{\"torn"].concat()).unwrap();
        (place, Journal::File { path, length: bytes.len() as u64 })
    }

    pub(in crate::audit) fn packs(place: &Path) -> PathBuf {
        place.join("objects/pack")
    }

    pub(in crate::audit) fn is_clean(place: &Path) {
        let mut fsck = std::process::Command::new("git");
        let fsck = fsck.args(["fsck", "--strict", "--full", "--no-dangling"]).current_dir(place).output().expect("git");
        assert!(fsck.status.success(), "{}", String::from_utf8_lossy(&fsck.stderr));
    }

    #[test]
    fn a_long_journal_is_in_the_pack_byte_by_byte() {
        let bytes = long();
        let (place, journal) = place(&bytes);
        let (id, other) = (Oid::hash_object(ObjectType::Blob, &bytes).unwrap(), Oid::hash_object(ObjectType::Blob, b"").unwrap());
        let mut pack = Writer::begin(&packs(place.path()), 2).unwrap();
        pack.object(other, Kind::Blob, b"").unwrap();
        journal.write(&mut pack, id).unwrap();
        pack.finish().unwrap();
        let repository = Repository::open_bare(place.path()).unwrap();
        assert!(repository.find_blob(id).unwrap().content() == bytes);
        is_clean(place.path());
    }

    #[test]
    fn what_was_changed_since_it_was_read_is_not_written() {
        let bytes = long();
        let (place, journal) = place(&bytes);
        let id = Oid::hash_object(ObjectType::Blob, &bytes).unwrap();
        let Journal::File { path, .. } = &journal else { unreachable!() };
        let changed = [&bytes[..bytes.len() - 2], b"?\n"].concat();
        for now in [changed.as_slice(), &bytes[..100], b""] {
            fs::write(path, now).unwrap();
            let mut pack = Writer::begin(&packs(place.path()), 1).unwrap();
            let refused = journal.write(&mut pack, id).unwrap_err().to_string();
            assert!(refused.ends_with("it was changed while it was sealed"), "{refused}");
            drop(pack);
            assert_eq!(fs::read_dir(packs(place.path())).unwrap().count(), 0);
        }
    }

    #[test]
    fn an_object_of_another_length_than_was_said_is_refused() {
        let (place, _) = place(b"");
        let mut pack = Writer::begin(&packs(place.path()), 1).unwrap();
        assert!(pack.begun(Kind::Blob, 3).unwrap().add(b"four").is_err());
        let mut short = pack.begun(Kind::Blob, 3).unwrap();
        short.add(b"to").unwrap();
        assert!(short.end(Oid::ZERO_SHA1).is_err());
        assert!(pack.finish().is_err());
    }
}
