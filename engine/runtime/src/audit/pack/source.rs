//! A pack that is copied from: entry by entry, each of them checked.

use std::fs::File;
use std::io::{BufReader, Read as _, Seek as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use flate2::Crc;
use git2::Oid;

use super::entry::{self, Kind, Said};
use super::index::{self, Row};
use crate::audit::unwritten::Unwritten;

/// The digest at the end of a pack.
const TRAILER: u64 = 20;

/// A pack that is copied from.
pub(super) struct Source {
    path: PathBuf,
    pub(super) length: u64,
    pub(super) modified: SystemTime,
    /// In the order in which the entries stand in the pack.
    rows: Vec<Row>,
}

/// An entry as it stands in its pack.
pub(super) struct Entry {
    pub(super) id: Oid,
    pub(super) kind: Kind,
    /// How long the content is before it is compressed.
    pub(super) size: u64,
    bytes: Vec<u8>,
    /// Where the compressed content begins.
    content: usize,
}

impl Entry {
    /// The compressed content.
    pub(super) fn content(&self) -> &[u8] {
        &self.bytes[self.content..]
    }
}

impl Source {
    /// Opens the pack of this index.
    ///
    /// # Errors
    /// One of the two cannot be read, is damaged, or is of a form that is none of ours.
    pub(super) fn open(index: &Path) -> Result<Self, Unwritten> {
        let bytes = std::fs::read(index).map_err(Unwritten::at(index))?;
        let mut rows = index::read(&bytes).ok_or_else(|| Unwritten::odd(index, "the index is damaged or of another form"))?;
        rows.sort_unstable_by_key(|row| row.offset);
        let path = index.with_extension("pack");
        let found = std::fs::metadata(&path).and_then(|found| Ok((found.len(), found.modified()?)));
        let (length, modified) = found.map_err(Unwritten::at(&path))?;
        Ok(Self { path, length, modified, rows })
    }

    pub(super) fn ids(&self) -> impl Iterator<Item = Oid> {
        self.rows.iter().map(|row| row.id)
    }

    /// Hands over each entry in turn.
    ///
    /// # Errors
    /// The pack cannot be read, an entry is not the one that the index describes, or `take` failed.
    pub(super) fn each(&self, mut take: impl FnMut(Entry) -> Result<(), Unwritten>) -> Result<(), Unwritten> {
        let at = Unwritten::at(&self.path);
        let damaged = |row: &Row| Unwritten::odd(&self.path, &format!("the object {} is damaged", row.id));
        let mut file = BufReader::with_capacity(256 * 1024, File::open(&self.path).map_err(&at)?);
        let first = self.rows.first().map_or(0, |row| u64::from(row.offset));
        file.seek(std::io::SeekFrom::Start(first)).map_err(&at)?;
        for (number, row) in self.rows.iter().enumerate() {
            let end = self.rows.get(number + 1).map_or(self.length.saturating_sub(TRAILER), |next| u64::from(next.offset));
            let length = end.checked_sub(u64::from(row.offset)).and_then(|length| usize::try_from(length).ok());
            let mut bytes = vec![0; length.ok_or_else(|| damaged(row))?];
            file.read_exact(&mut bytes).map_err(&at)?;
            let mut crc = Crc::new();
            crc.update(&bytes);
            let header = entry::read(&bytes).filter(|_| crc.sum() == row.crc).ok_or_else(|| damaged(row))?;
            let kind = match header.kind {
                Said::Kind(kind) => Some(kind),
                Said::DeltaBack(back) => self.back(row.offset, back).map(Kind::DeltaOf),
            };
            let kind = kind.ok_or_else(|| damaged(row))?;
            take(Entry { id: row.id, kind, size: header.size, bytes, content: header.length })?;
        }
        Ok(())
    }

    /// The object whose entry begins so many bytes before this one.
    fn back(&self, offset: u32, back: u64) -> Option<Oid> {
        let base = u32::try_from(u64::from(offset).checked_sub(back)?).ok()?;
        self.rows.binary_search_by_key(&base, |row| row.offset).ok().map(|at| self.rows[at].id)
    }
}
