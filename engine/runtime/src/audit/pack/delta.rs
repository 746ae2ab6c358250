//! One object as a difference to another: what they share at the beginning and at the end, and what stands between.
//!
//! That is all that is needed here. A journal grows at its end, and the directory of a day by one entry a run.

/// The bytes that two objects share at the beginning, and at the end of what is left.
pub(super) fn shared(base: &[u8], target: &[u8]) -> (usize, usize) {
    let prefix = base.iter().zip(target).take_while(|(a, b)| a == b).count();
    let suffix = base[prefix..].iter().rev().zip(target[prefix..].iter().rev()).take_while(|(a, b)| a == b).count();
    (prefix, suffix)
}

/// What makes `target` out of `base`, in git's form.
pub(super) fn delta(base: &[u8], target: &[u8]) -> Vec<u8> {
    let (prefix, suffix) = shared(base, target);
    let mut out = Vec::new();
    length(&mut out, base.len());
    length(&mut out, target.len());
    copy(&mut out, 0, prefix);
    for piece in target[prefix..target.len() - suffix].chunks(0x7f) {
        out.push(piece.len() as u8);
        out.extend_from_slice(piece);
    }
    copy(&mut out, base.len() - suffix, suffix);
    out
}

fn length(out: &mut Vec<u8>, mut length: usize) {
    while length >= 0x80 {
        out.push((length & 0x7f) as u8 | 0x80);
        length >>= 7;
    }
    out.push(length as u8);
}

/// Copies `size` bytes of the base from `offset` on. A single instruction takes at most 64 KiB here, as in old readers.
fn copy(out: &mut Vec<u8>, mut offset: usize, mut size: usize) {
    while size > 0 {
        let piece = size.min(0x1_0000);
        let at = out.len();
        out.push(0x80);
        for (bit, byte) in (offset as u32).to_le_bytes().into_iter().enumerate().filter(|(_, byte)| *byte != 0) {
            out[at] |= 1 << bit;
            out.push(byte);
        }
        // 64 KiB itself is said by saying nothing.
        for (bit, byte) in (piece as u16).to_le_bytes().into_iter().enumerate().filter(|(_, byte)| *byte != 0) {
            out[at] |= 0x10 << bit;
            out.push(byte);
        }
        offset += piece;
        size -= piece;
    }
}
