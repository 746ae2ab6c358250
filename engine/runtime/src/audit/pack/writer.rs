//! A new pack, written beside the others and put among them when it is on disk.

use std::fs::{self, File, OpenOptions};
use std::io::{BufWriter, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use flate2::Crc;
use git2::Oid;
use sha1::{Digest as _, Sha1};

use super::begun::Begun;
use super::compression::Compressor;
use super::entry::{self, Kind};
use super::index::{self, Row};
use super::kept::Kept;
use crate::audit::unwritten::Unwritten;

/// What our temporary files begin with; `git prune` knows the first four letters and removes what is old. None of them ends
/// like a pack or an index: git would take it for one, half written as it is.
pub(in crate::audit) const TEMPORARY: &str = "tmp_runbook_";

/// A pack that is being written. One that is dropped unfinished is gone.
pub(in crate::audit) struct Writer {
    directory: PathBuf,
    pub(super) temporary: PathBuf,
    index_temporary: PathBuf,
    file: BufWriter<File>,
    digest: Sha1,
    pub(super) compressor: Compressor,
    pub(super) rows: Vec<Row>,
    count: usize,
    at: u64,
}

impl Writer {
    /// Begins a pack of exactly `count` objects among those of `directory`. The writer lock is held: there is one at a time.
    ///
    /// # Errors
    /// The directory cannot be written to.
    pub(in crate::audit) fn begin(directory: &Path, count: usize) -> Result<Self, Unwritten> {
        let temporary = directory.join(format!("{TEMPORARY}{}_pack", std::process::id()));
        let file = create(&temporary)?;
        let mut writer = Self {
            directory: directory.to_owned(),
            temporary,
            index_temporary: directory.join(format!("{TEMPORARY}{}_idx", std::process::id())),
            file: BufWriter::with_capacity(64 * 1024, file),
            digest: Sha1::new(),
            compressor: Compressor::new(),
            rows: Vec::with_capacity(count),
            count,
            at: 0,
        };
        writer.bytes(b"PACK\0\0\0\x02")?;
        let number = u32::try_from(count).map_err(|_| Unwritten::odd(&writer.temporary, "too many objects"))?;
        writer.bytes(&number.to_be_bytes())?;
        Ok(writer)
    }

    /// Adds an object: its whole content, or the difference to one that is in this pack as well.
    ///
    /// # Errors
    /// The file cannot be written to.
    pub(in crate::audit) fn object(&mut self, id: Oid, kind: Kind, content: &[u8]) -> Result<(), Unwritten> {
        let mut begun = self.begun(kind, content.len() as u64)?;
        begun.add(content)?;
        begun.end(id)
    }

    /// Adds an object of `size` bytes that was compressed before.
    ///
    /// # Errors
    /// The file cannot be written to.
    pub(in crate::audit) fn compressed(&mut self, id: Oid, kind: Kind, size: u64, bytes: &[u8]) -> Result<(), Unwritten> {
        self.entry(id, &entry::header(kind, size), [bytes])
    }

    /// Begins an object of `size` bytes that are not here yet.
    ///
    /// # Errors
    /// The file cannot be written to.
    pub(in crate::audit) fn begun(&mut self, kind: Kind, size: u64) -> Result<Begun<'_>, Unwritten> {
        Begun::new(self, &entry::header(kind, size), size)
    }

    /// Adds an entry as it stands in a pack: header, and compressed content in pieces.
    pub(super) fn entry<'b>(
        &mut self,
        id: Oid,
        header: &'b [u8],
        content: impl IntoIterator<Item = &'b [u8]>,
    ) -> Result<(), Unwritten> {
        let offset = self.offset()?;
        let mut crc = Crc::new();
        for piece in std::iter::once(header).chain(content) {
            crc.update(piece);
            self.bytes(piece)?;
        }
        self.rows.push(Row { id, crc: crc.sum(), offset });
        Ok(())
    }

    /// Puts the pack among the others, durably. Gives its name: `pack-<digest>`.
    ///
    /// # Errors
    /// A file cannot be written; then nothing was added.
    pub(in crate::audit) fn finish(self) -> Result<String, Unwritten> {
        let (name, kept) = self.put()?;
        kept.released();
        Ok(name)
    }

    /// As [`finish`](Self::finish), for objects that no reference names yet. They are kept until that is dropped.
    ///
    /// # Errors
    /// A file cannot be written; then nothing was added.
    pub(in crate::audit) fn finish_kept(self) -> Result<Kept, Unwritten> {
        self.put().map(|(_, kept)| kept)
    }

    fn put(mut self) -> Result<(String, Kept), Unwritten> {
        if self.rows.len() != self.count {
            return Err(Unwritten::odd(&self.temporary, "another number of objects than was said"));
        }
        let digest = self.digest.clone().finalize();
        let at = Unwritten::at(&self.temporary);
        self.file.write_all(&digest).and_then(|()| self.file.flush()).map_err(&at)?;
        self.file.get_ref().sync_all().map_err(&at)?;
        self.rows.sort_unstable();
        let mut index = create(&self.index_temporary)?;
        let written = index.write_all(&index::written(&self.rows, &digest)).and_then(|()| index.sync_all());
        written.map_err(Unwritten::at(&self.index_temporary))?;
        let name: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        let name = format!("pack-{name}");
        let kept = Kept::written(self.directory.join(format!("{name}.keep")))?;
        // The index last, as git does: a pack is there once its index is. An index whose pack is yet to come is garbage to a
        // `git gc`, which removes it, and with it what our branches name. A pack that never gets its index is told from one that
        // a `git gc` is about to complete by the file that keeps it, and removed by the next of us.
        for (from, extension) in [(&self.temporary, "pack"), (&self.index_temporary, "idx")] {
            let to = self.directory.join(format!("{name}.{extension}"));
            fs::rename(from, &to).map_err(Unwritten::at(&to))?;
        }
        flush_directory(&self.directory)?;
        Ok((name, kept))
    }

    /// Where the next entry begins.
    pub(super) fn offset(&self) -> Result<u32, Unwritten> {
        // git takes packs of any length, but then its index has a table more. None of ours comes near.
        let offset = u32::try_from(self.at).ok().filter(|offset| offset >> 31 == 0);
        offset.ok_or_else(|| self.odd("a pack of 2 GiB"))
    }

    pub(super) fn odd(&self, why: &str) -> Unwritten {
        Unwritten::odd(&self.temporary, why)
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) -> Result<(), Unwritten> {
        self.digest.update(bytes);
        self.at += bytes.len() as u64;
        self.file.write_all(bytes).map_err(Unwritten::at(&self.temporary))
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // Gone already where the pack was finished; what cannot be removed now the next writer removes.
        let _gone = fs::remove_file(&self.temporary);
        let _gone = fs::remove_file(&self.index_temporary);
    }
}

/// A file of a pack: nobody writes to it later.
fn create(path: &Path) -> Result<File, Unwritten> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(Unwritten::at(path)(error)),
        _ => {}
    }
    OpenOptions::new().write(true).create_new(true).mode(0o444).open(path).map_err(Unwritten::at(path))
}

/// Makes durable which files a directory has.
pub(super) fn flush_directory(directory: &Path) -> Result<(), Unwritten> {
    File::open(directory).and_then(|open| open.sync_all()).map_err(Unwritten::at(directory))
}
