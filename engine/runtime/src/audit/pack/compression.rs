//! zlib, with its memory kept from one object to the next.

use std::io;

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

/// Compresses objects.
pub(super) struct Compressor(Compress);

impl Compressor {
    pub(super) fn new() -> Self {
        Self(Compress::new(Compression::default(), true))
    }

    /// The compressed form of these bytes.
    pub(super) fn compressed(&mut self, bytes: &[u8]) -> io::Result<Vec<u8>> {
        self.0.reset();
        let mut out = Vec::with_capacity(bytes.len() / 2 + 64);
        loop {
            let taken = usize::try_from(self.0.total_in()).unwrap_or(usize::MAX);
            match self.0.compress_vec(&bytes[taken..], &mut out, FlushCompress::Finish)? {
                Status::StreamEnd => return Ok(out),
                Status::Ok | Status::BufError => out.reserve(out.capacity().max(64)),
            }
        }
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
