//! An object on its way into a pack, compressed as it comes: neither it nor its compressed form is ever held.

use flate2::Crc;
use git2::Oid;

use super::index::Row;
use super::writer::Writer;
use crate::audit::unwritten::Unwritten;

/// How much of the compressed form is gathered before it is written.
const PIECE: usize = 32 * 1024;

/// An object that is being written. The pack of one that is not ended cannot be finished.
#[must_use]
pub(in crate::audit) struct Begun<'w> {
    writer: &'w mut Writer,
    offset: u32,
    crc: Crc,
    /// How many bytes are still to come.
    left: u64,
    out: Vec<u8>,
}

impl<'w> Begun<'w> {
    pub(super) fn new(writer: &'w mut Writer, header: &[u8], size: u64) -> Result<Self, Unwritten> {
        let (offset, mut crc) = (writer.offset()?, Crc::new());
        crc.update(header);
        writer.bytes(header)?;
        writer.compressor.begin();
        Ok(Self { writer, offset, crc, left: size, out: Vec::with_capacity(PIECE) })
    }

    /// Adds the next bytes of it.
    ///
    /// # Errors
    /// The pack cannot be written to, or there are more bytes than were said.
    pub(in crate::audit) fn add(&mut self, mut bytes: &[u8]) -> Result<(), Unwritten> {
        let left = self.left.checked_sub(bytes.len() as u64);
        self.left = left.ok_or_else(|| self.writer.odd("an object is longer than was said"))?;
        while !bytes.is_empty() {
            let step = self.writer.compressor.step(bytes, &mut self.out);
            bytes = step.map_err(Unwritten::at(&self.writer.temporary))?;
            self.written()?;
        }
        Ok(())
    }

    /// Ends it; from now on it is the object with this name.
    ///
    /// # Errors
    /// The pack cannot be written to, or bytes are missing.
    pub(in crate::audit) fn end(mut self, id: Oid) -> Result<(), Unwritten> {
        if self.left > 0 {
            return Err(self.writer.odd("an object is shorter than was said"));
        }
        loop {
            let end = self.writer.compressor.end(&mut self.out).map_err(Unwritten::at(&self.writer.temporary))?;
            self.written()?;
            if end {
                self.writer.rows.push(Row { id, crc: self.crc.sum(), offset: self.offset });
                return Ok(());
            }
        }
    }

    /// Writes what was compressed.
    fn written(&mut self) -> Result<(), Unwritten> {
        self.crc.update(&self.out);
        self.writer.bytes(&self.out)?;
        self.out.clear();
        Ok(())
    }
}
