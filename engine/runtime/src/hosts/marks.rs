//! Tells what the far half says from what the command prints: both come in one stream.

/// One piece of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    /// What stood before the far half began: the login shell's own noise, or words of `ssh`.
    Noise(Vec<u8>),
    /// What the command printed.
    Data(Vec<u8>),
    /// What the far half says.
    Said(String),
}

/// The longest line that the far half says: a path, a list of directories.
const LONGEST: usize = 64 * 1024;

/// One stream, taken apart however it is cut.
#[derive(Debug)]
pub(super) struct Marks {
    mark: Vec<u8>,
    /// The mark of a connection before this one: its lines lie in the kept stream and are passed over.
    old: Vec<u8>,
    held: Vec<u8>,
    flowing: bool,
}

impl Marks {
    pub(super) fn new(nonce: &str) -> Self {
        Self { mark: mark(nonce), old: Vec::new(), held: Vec::new(), flowing: false }
    }

    /// Takes more of the stream.
    pub(super) fn push(&mut self, bytes: &[u8], take: &mut impl FnMut(Piece)) {
        self.held.extend_from_slice(bytes);
        let held = std::mem::take(&mut self.held);
        let (mut clear, mut at) = (0, 0);
        while let Some(next) = held[at..].iter().position(|byte| *byte == 1).map(|next| at + next) {
            let rest = &held[next..];
            let is_whole = |mark: &[u8]| !mark.is_empty() && rest.starts_with(mark);
            let is_begun = |mark: &[u8]| mark.starts_with(rest);
            at = next + 1;
            if is_whole(&self.mark) || is_whole(&self.old) {
                let Some(end) = rest.iter().take(LONGEST).position(|byte| *byte == b'\n') else {
                    if rest.len() < LONGEST {
                        self.pass(&held[clear..next], take);
                        self.held = rest.to_vec();
                        return;
                    }
                    continue;
                };
                self.pass(&held[clear..next], take);
                if is_whole(&self.mark) {
                    let said = String::from_utf8_lossy(&rest[self.mark.len()..end]).into_owned();
                    self.heed(&said);
                    take(Piece::Said(said));
                }
                at = next + end + 1;
                clear = at;
            } else if is_begun(&self.mark) || is_begun(&self.old) {
                self.pass(&held[clear..next], take);
                self.held = rest.to_vec();
                return;
            }
        }
        self.pass(&held[clear..], take);
    }

    /// The stream has ended: what could have become a line of the far half is none.
    pub(super) fn end(&mut self, take: &mut impl FnMut(Piece)) {
        let held = std::mem::take(&mut self.held);
        self.pass(&held, take);
    }

    fn heed(&mut self, said: &str) {
        match said.split_once(' ').unwrap_or((said, "")) {
            ("data", old) => {
                self.flowing = true;
                self.old = if old.is_empty() { Vec::new() } else { mark(old) };
            }
            ("ended" | "refused", _) => self.flowing = false,
            _ => {}
        }
    }

    fn pass(&self, bytes: &[u8], take: &mut impl FnMut(Piece)) {
        if !bytes.is_empty() {
            take(if self.flowing { Piece::Data(bytes.to_vec()) } else { Piece::Noise(bytes.to_vec()) });
        }
    }
}

fn mark(nonce: &str) -> Vec<u8> {
    format!("\u{1}RB{nonce} ").into_bytes()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The noise, the data and what was said, however many pieces they came in.
    fn taken(stream: &[u8], cut: usize) -> (Vec<u8>, Vec<u8>, Vec<String>) {
        let (mut noise, mut data, mut said) = (Vec::new(), Vec::new(), Vec::new());
        let mut take = |piece| match piece {
            Piece::Noise(bytes) => noise.extend(bytes),
            Piece::Data(bytes) => data.extend(bytes),
            Piece::Said(line) => said.push(line),
        };
        let mut marks = Marks::new("n0");
        stream.chunks(cut).for_each(|piece| marks.push(piece, &mut take));
        marks.end(&mut take);
        (noise, data, said)
    }

    proptest! {
        #[test]
        fn what_is_printed_comes_out_whole_wherever_it_is_cut(printed in "[\u{1}RBn01 \n]{0,40}", cut in 1usize..9) {
            prop_assume!(!printed.contains("\u{1}RBn0 ") && !printed.contains("\u{1}RBn1 "));
            let stream = format!("motd\n\u{1}RBn0 data n1\n{printed}\u{1}RBn1 ended 7\n\u{1}RBn0 ended 7\n");
            let (noise, data, said) = taken(stream.as_bytes(), cut);
            prop_assert_eq!(noise, b"motd\n");
            prop_assert_eq!(data, printed.into_bytes());
            prop_assert_eq!(said, ["data n1", "ended 7"]);
        }
    }

    #[test]
    fn a_line_that_never_ends_is_what_somebody_printed() {
        let mut stream = b"\x01RBn0 data\n\x01RBn0 ".to_vec();
        stream.extend(vec![b'x'; 2 * LONGEST]);
        let (_, data, said) = taken(&stream, 4096);
        assert_eq!((data.len(), said.len()), (2 * LONGEST + 6, 1));
        let (_, data, _) = taken(b"\x01RBn0 data\ncut \x01RBn", 3);
        assert_eq!(data, b"cut \x01RBn");
    }
}
