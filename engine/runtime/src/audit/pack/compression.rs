//! zlib, with its memory kept from one object to the next.

use std::io;

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

/// Of a journal, which repeats itself, the levels below 4 (where zlib begins to look for the better of two matches) make a tenth
/// more in less than half the time, and at the end of a session somebody waits for it.
const LEVEL: Compression = Compression::new(3);

/// Compresses objects.
pub(in crate::audit) struct Compressor(Compress);

impl Compressor {
    pub(in crate::audit) fn new() -> Self {
        Self(Compress::new(LEVEL, true))
    }

    /// Begins another object.
    pub(super) fn begin(&mut self) {
        self.0.reset();
    }

    /// Takes some of these bytes in, puts what comes of them behind what is in `out`, within its capacity, and gives the bytes
    /// that are still to be taken.
    pub(in crate::audit) fn step<'b>(&mut self, bytes: &'b [u8], out: &mut Vec<u8>) -> io::Result<&'b [u8]> {
        let before = self.0.total_in();
        self.0.compress_vec(bytes, out, FlushCompress::None)?;
        let taken = usize::try_from(self.0.total_in() - before).unwrap_or(usize::MAX);
        Ok(&bytes[taken..])
    }

    /// Ends the object in the same way; gives whether `out` has its last byte.
    pub(in crate::audit) fn end(&mut self, out: &mut Vec<u8>) -> io::Result<bool> {
        Ok(self.0.compress_vec(&[], out, FlushCompress::Finish)? == Status::StreamEnd)
    }
}

/// Gives back what was compressed.
pub(super) struct Decompressor(Decompress);

impl Decompressor {
    pub(super) fn new() -> Self {
        Self(Decompress::new(true))
    }

    /// The `size` bytes that were compressed to these; `None` when they are others, or more, or fewer.
    pub(super) fn expanded(&mut self, bytes: &[u8], size: usize) -> Option<Vec<u8>> {
        self.0.reset(true);
        // One byte more than is needed: where it is written to, there is too much.
        let mut out = Vec::with_capacity(size + 1);
        let status = self.0.decompress_vec(bytes, &mut out, FlushDecompress::Finish).ok()?;
        (status == Status::StreamEnd && out.len() == size).then_some(out)
    }
}
