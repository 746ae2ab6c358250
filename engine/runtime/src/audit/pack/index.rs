//! The index of a pack, version 2: which objects are in it, and where.

use git2::Oid;
use sha1::{Digest as _, Sha1};

const MAGIC: &[u8] = b"\xfftOc\0\0\0\x02";
/// Magic and the 256 counts.
const HEAD: usize = 8 + 256 * 4;

/// An object of a pack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Row {
    pub(super) id: Oid,
    /// The checksum (CRC-32) of its entry as it stands in the pack.
    pub(super) crc: u32,
    /// The byte where its entry begins. Packs of 2 GiB and more are none of ours.
    pub(super) offset: u32,
}

/// The index of a pack with this digest at its end. The rows are sorted by id, each of which comes once.
pub(super) fn written(rows: &[Row], pack: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEAD + rows.len() * 28 + 40);
    bytes.extend_from_slice(MAGIC);
    let mut upto = 0;
    for first in 0..=255 {
        upto += rows[upto..].iter().take_while(|row| row.id.as_bytes()[0] <= first).count();
        bytes.extend_from_slice(&u32::try_from(upto).unwrap_or(u32::MAX).to_be_bytes());
    }
    rows.iter().for_each(|row| bytes.extend_from_slice(row.id.as_bytes()));
    rows.iter().for_each(|row| bytes.extend_from_slice(&row.crc.to_be_bytes()));
    rows.iter().for_each(|row| bytes.extend_from_slice(&row.offset.to_be_bytes()));
    bytes.extend_from_slice(pack);
    let mut digest = Sha1::new();
    digest.update(&bytes);
    bytes.extend_from_slice(&digest.finalize());
    bytes
}

/// The objects of an index, sorted by id; `None` when it is damaged, of another version, or of a pack of 2 GiB and more.
pub(super) fn read(bytes: &[u8]) -> Option<Vec<Row>> {
    let word = |at: usize| bytes.get(at..at + 4).and_then(|word| word.try_into().ok()).map(u32::from_be_bytes);
    let count = usize::try_from(word(HEAD - 4)?).ok()?;
    let end = count.checked_mul(28)?.checked_add(HEAD)?;
    // Behind the rows stand two digests, and nothing else: larger packs have a table of longer offsets between.
    if !bytes.starts_with(MAGIC) || bytes.len() != end + 40 {
        return None;
    }
    let mut digest = Sha1::new();
    digest.update(&bytes[..end + 20]);
    if digest.finalize()[..] != bytes[end + 20..] {
        return None;
    }
    let (crcs, offsets) = (HEAD + count * 20, HEAD + count * 24);
    let row = |at: usize| {
        let id = Oid::from_bytes(&bytes[HEAD + at * 20..HEAD + at * 20 + 20]).ok()?;
        Some(Row { id, crc: word(crcs + at * 4)?, offset: word(offsets + at * 4).filter(|offset| offset >> 31 == 0)? })
    };
    (0..count).map(row).collect()
}
