//! Takes secrets out of a stream of bytes, also where two reads cut one in half.

/// What stands in the place of a secret.
pub(super) const REDACTED: &[u8] = b"[redacted]";

/// Replaces given byte strings in a stream.
pub(super) struct Veil {
    secrets: Vec<Vec<u8>>,
    /// The end of the stream so far, held back because it may be the beginning of a secret.
    held: Vec<u8>,
}

impl Veil {
    pub(super) fn new(mut secrets: Vec<Vec<u8>>) -> Self {
        secrets.retain(|secret| !secret.is_empty());
        // Where one secret begins another, the longer one is taken, or its end would be left to read.
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        Self { secrets, held: Vec::new() }
    }

    /// Hands on what is certain not to be part of a secret.
    pub(super) fn pass(&mut self, bytes: &[u8], out: &mut impl FnMut(&[u8])) {
        if self.secrets.is_empty() {
            return out(bytes);
        }
        let mut held = std::mem::take(&mut self.held);
        held.extend_from_slice(bytes);
        let kept = self.sift(&held, false, out);
        held.drain(..held.len() - kept);
        self.held = held;
    }

    /// The stream has ended: nothing more can complete what was held back.
    pub(super) fn end(&mut self, out: &mut impl FnMut(&[u8])) {
        let held = std::mem::take(&mut self.held);
        self.sift(&held, true, out);
    }

    /// Hands on `bytes` without secrets; returns how many bytes at the end must be held back.
    fn sift(&self, bytes: &[u8], ended: bool, out: &mut impl FnMut(&[u8])) -> usize {
        let (mut clear, mut at) = (0, 0);
        while at < bytes.len() {
            let rest = &bytes[at..];
            // A longer secret that may still be completed goes before a shorter one that already is.
            if !ended && self.secrets.iter().take_while(|secret| !rest.starts_with(secret)).any(|secret| secret.starts_with(rest))
            {
                break;
            }
            if let Some(secret) = self.secrets.iter().find(|secret| rest.starts_with(secret)) {
                if clear < at {
                    out(&bytes[clear..at]);
                }
                out(REDACTED);
                at += secret.len();
                clear = at;
            } else {
                at += 1;
            }
        }
        if clear < at {
            out(&bytes[clear..at]);
        }
        bytes.len() - at
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn veiled(secrets: &[&[u8]], stream: &[u8], cut: usize) -> Vec<u8> {
        let mut veil = Veil::new(secrets.iter().map(|secret| secret.to_vec()).collect());
        let mut clear = Vec::new();
        stream.chunks(cut).for_each(|piece| veil.pass(piece, &mut |bytes| clear.extend_from_slice(bytes)));
        veil.end(&mut |bytes| clear.extend_from_slice(bytes));
        clear
    }

    #[test]
    fn the_longer_secret_wins_and_an_unfinished_one_is_let_go() {
        assert_eq!(veiled(&[b"hunter", b"hunter22"], b"a hunter22 b hunter c hunt", 3), b"a [redacted] b [redacted] c hunt");
    }

    proptest! {
        #[test]
        fn where_the_reads_cut_changes_nothing(stream in "[ab]{0,60}", cut in 1usize..9) {
            let secrets: [&[u8]; 3] = [b"aab", b"ab", b"aabbab"];
            let whole = veiled(&secrets, stream.as_bytes(), usize::MAX);
            prop_assert_eq!(&veiled(&secrets, stream.as_bytes(), cut), &whole);
            prop_assert!(!whole.windows(2).any(|pair| pair == b"ab"));
        }
    }
}
