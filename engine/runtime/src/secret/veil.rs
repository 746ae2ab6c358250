//! Takes secrets out of a stream of bytes, also where two reads cut one in half.

use std::sync::Arc;

use zeroize::Zeroize as _;

use super::pattern::Patterns;

/// Replaces the forms of secrets in a stream by their marks. Holds back no more than what may be the beginning of one.
#[derive(Debug)]
pub struct Veil {
    patterns: Arc<Patterns>,
    /// The end of the stream so far, held back because it may be the beginning of a secret.
    held: Vec<u8>,
}

impl Veil {
    /// A veil for one stream.
    #[must_use]
    pub fn new(patterns: Arc<Patterns>) -> Self {
        Self { patterns, held: Vec::new() }
    }

    /// Looks for these patterns from now on, which know at least what those before them knew.
    pub fn search_for(&mut self, patterns: &Arc<Patterns>) {
        self.patterns = Arc::clone(patterns);
    }

    /// Hands on what is certain not to be part of a secret.
    pub fn pass(&mut self, bytes: &[u8], out: &mut impl FnMut(&[u8])) {
        if self.patterns.is_empty() {
            return out(bytes);
        }
        if self.held.is_empty() {
            let kept = sift(&self.patterns, bytes, false, out);
            self.held.extend_from_slice(&bytes[bytes.len() - kept..]);
            return;
        }
        let mut held = std::mem::take(&mut self.held);
        held.extend_from_slice(bytes);
        let kept = sift(&self.patterns, &held, false, out);
        self.held.extend_from_slice(&held[held.len() - kept..]);
        held.zeroize();
    }

    /// The stream has ended: nothing more can complete what was held back.
    pub fn end(&mut self, out: &mut impl FnMut(&[u8])) {
        let mut held = std::mem::take(&mut self.held);
        sift(&self.patterns, &held, true, out);
        held.zeroize();
    }
}

/// Hands on `bytes` without secrets; returns how many bytes at the end must be held back.
fn sift(patterns: &Patterns, bytes: &[u8], ended: bool, out: &mut impl FnMut(&[u8])) -> usize {
    let mut at = 0;
    // What begins behind this point may still become a longer form than the one that is complete.
    let mut sure = if ended { bytes.len() } else { patterns.unfinished(bytes, 0) };
    loop {
        let rest = &bytes[at..];
        match patterns.find(rest).filter(|(start, ..)| at + start < sure) {
            Some((start, end, mark)) => {
                if start > 0 {
                    out(&rest[..start]);
                }
                out(mark.as_bytes());
                at += end;
                // It stays where it is until a form has reached beyond it: behind each of many forms it would be looked for in
                // the same bytes.
                if at > sure {
                    sure = patterns.unfinished(bytes, at);
                }
            }
            None => {
                if sure > at {
                    out(&bytes[at..sure]);
                }
                return bytes.len() - sure;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::forms::forms;
    use super::super::hidden::Redacted;
    use super::*;
    use proptest::prelude::*;

    fn patterns(values: &[&str]) -> Arc<Patterns> {
        let secrets: Vec<_> =
            values.iter().map(|value| Redacted { mark: "‹secret x›".to_owned(), value: (*value).to_owned() }).collect();
        Arc::new(Patterns::of(&secrets))
    }

    fn veiled(patterns: &Arc<Patterns>, stream: &[u8], cuts: &[usize]) -> Vec<u8> {
        let (mut veil, mut clear, mut rest) = (Veil::new(Arc::clone(patterns)), Vec::new(), stream);
        let mut cuts = cuts.iter().cycle();
        while !rest.is_empty() {
            let (piece, more) = rest.split_at((*cuts.next().expect("a cut")).clamp(1, rest.len()));
            veil.pass(piece, &mut |bytes| clear.extend_from_slice(bytes));
            rest = more;
        }
        veil.end(&mut |bytes| clear.extend_from_slice(bytes));
        clear
    }

    /// The same, slowly and all at once: at each byte the longest form that stands there.
    fn oracle(values: &[&str], stream: &[u8]) -> Vec<u8> {
        let mut all: Vec<_> = values.iter().flat_map(|value| forms(value)).collect();
        all.push("‹secret x›".as_bytes().to_vec());
        all.sort_by_key(|form| std::cmp::Reverse(form.len()));
        let (mut clear, mut at) = (Vec::new(), 0);
        while at < stream.len() {
            match all.iter().find(|form| stream[at..].starts_with(form)) {
                Some(form) => {
                    clear.extend_from_slice("‹secret x›".as_bytes());
                    at += form.len();
                }
                None => {
                    clear.push(stream[at]);
                    at += 1;
                }
            }
        }
        clear
    }

    #[test]
    fn the_longer_secret_wins_and_an_unfinished_one_is_let_go() {
        let patterns = patterns(&["hunter", "hunter22"]);
        let clear = veiled(&patterns, b"a hunter22 b hunter c hunt", &[3]);
        assert_eq!(String::from_utf8_lossy(&clear), "a ‹secret x› b ‹secret x› c hunt");
    }

    #[test]
    fn what_cannot_be_the_beginning_of_a_secret_is_shown_at_once() {
        let mut veil = Veil::new(patterns(&["hunter22"]));
        let mut clear = Vec::new();
        veil.pass(b"progress 10% hun", &mut |bytes| clear.extend_from_slice(bytes));
        assert_eq!(clear, b"progress 10% ");
        veil.pass(b"gry\n", &mut |bytes| clear.extend_from_slice(bytes));
        assert_eq!(clear, b"progress 10% hungry\n");
    }

    /// What may be the beginning of a long secret is looked for once, and not once more behind each short one: that would take
    /// minutes here.
    #[test]
    fn many_short_secrets_beside_a_long_one_are_all_found() {
        let line = |at: u32| (0..60).map(|column| char::from(b'a' + ((at * 7 + column * column) % 26) as u8)).collect::<String>();
        let long: String = (0..50).map(|at| line(at) + "\n").collect();
        let patterns = patterns(&["hunter22", &long]);
        let clear = veiled(&patterns, &b"hunter22\n".repeat(20_000), &[256 * 1024]);
        assert_eq!(clear, "‹secret x›\n".as_bytes().repeat(20_000));
    }

    proptest! {
        /// Forms of secrets, beginnings and ends of them and noise, cut anywhere: the stream is what the oracle says, and no form
        /// is left in it.
        #[test]
        fn any_split_of_any_form_is_veiled(
            picks in prop::collection::vec((any::<prop::sample::Index>(), 0usize..40, 0usize..40, "[ab\\\\n=%]{0,3}"), 0..12),
            cuts in prop::collection::vec(1usize..20, 1..6),
        ) {
            let values = ["aab\"bä", "ab\"bäab", "hunter 22/€", "line one\nline two"];
            let every: Vec<_> = values.iter().flat_map(|value| forms(value)).collect();
            let mut stream = Vec::new();
            for (pick, from, less, noise) in &picks {
                let form = &every[pick.index(every.len())];
                let from = if *from < 20 { 0 } else { (from - 20).min(form.len()) };
                let to = if *less < 20 { form.len() } else { form.len().saturating_sub(less - 20).max(from) };
                stream.extend_from_slice(&form[from..to]);
                stream.extend_from_slice(noise.as_bytes());
            }
            let clear = veiled(&patterns(&values), &stream, &cuts);
            let wanted = oracle(&values, &stream);
            prop_assert_eq!(String::from_utf8_lossy(&clear), String::from_utf8_lossy(&wanted));
        }

        #[test]
        fn where_the_reads_cut_changes_nothing(stream in "[ab]{0,80}", cut in 1usize..9) {
            let values = ["aabaab", "abaaba", "aabbababb"];
            let patterns = patterns(&values);
            prop_assert_eq!(veiled(&patterns, stream.as_bytes(), &[cut]), oracle(&values, stream.as_bytes()));
        }
    }
}
