//! What of a program's output reaches the operator's terminal while the program has it.
//!
//! It may move the cursor and draw: that is what it was given the terminal for, and no question of ours is asked meanwhile.
//! What lasts beyond its end may not pass: titles, the clipboard, whatever else hides in a string for the terminal (OSC, DCS,
//! APC, PM, SOS). What it leaves switched on is switched off behind it.

/// Ends a string: BEL, or what aborts any sequence, or a line break, so that a string without an end swallows one line at most.
fn ends_string(byte: u8) -> bool {
    matches!(byte, 0x07 | 0x18 | 0x1a | b'\n')
}

/// Passed at the end: colours off, cursor shown, lines wrap, no pasted brackets, no mouse, plain keys.
const TIDY: &[u8] = b"\x1b[0m\x1b[?25h\x1b[?7h\x1b[?2004l\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?1l\x1b>";

/// Longer than any sequence of which the end matters here.
const LONGEST: usize = 32;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum At {
    #[default]
    Text,
    /// Behind ESC.
    Escape,
    /// Behind the first byte of a control character of two (C1 in UTF-8).
    High,
    /// Inside `ESC [ …`.
    Sequence,
    /// Inside a string that does not pass.
    String,
    /// Behind ESC inside of one.
    StringEscape,
}

/// The filter, which may be fed in any pieces.
#[derive(Debug, Default)]
pub(super) struct Passing {
    at: At,
    sequence: Vec<u8>,
    other_screen: bool,
    /// The last that was shown; nothing at first.
    last: Option<u8>,
}

impl Passing {
    /// Hands on what may pass.
    pub(super) fn pass(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        let before = out.len();
        for &byte in bytes {
            self.take(byte, out);
        }
        if out.len() > before {
            self.last = out.last().copied();
        }
    }

    /// What puts the terminal right at the end.
    pub(super) fn farewell(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        if self.other_screen {
            bytes.extend_from_slice(b"\x1b[?1049l");
        }
        bytes.extend_from_slice(TIDY);
        if self.last.is_some_and(|last| last != b'\n') {
            bytes.extend_from_slice(b"\r\n");
        }
        bytes
    }

    fn take(&mut self, byte: u8, out: &mut Vec<u8>) {
        self.at = match (self.at, byte) {
            (At::Text, 0x1b) => At::Escape,
            (At::Text, 0xc2) => At::High,
            (At::Text, byte) => {
                out.push(byte);
                At::Text
            }
            (At::Escape, b']' | b'P' | b'X' | b'^' | b'_' | b'k') => At::String,
            (At::Escape, b'[') => {
                out.extend_from_slice(b"\x1b[");
                self.sequence.clear();
                At::Sequence
            }
            (At::Escape, 0x1b) => At::Escape,
            (At::Escape, 0xc2) => At::High,
            (At::Escape, byte) => {
                out.extend_from_slice(&[0x1b, byte]);
                At::Text
            }
            // DCS, SOS, OSC, PM, APC.
            (At::High, 0x90 | 0x98 | 0x9d..=0x9f) => At::String,
            // The first byte of a character that does not come is left out, or its second one could come behind what is.
            (At::High, 0x1b) => At::Escape,
            (At::High, 0xc2) => At::High,
            (At::High, byte) => {
                out.extend_from_slice(&[0xc2, byte]);
                At::Text
            }
            // What is broken off is left out.
            (At::Sequence, 0x1b) => At::Escape,
            (At::Sequence, 0xc2) => At::High,
            (At::Sequence, byte) => {
                out.push(byte);
                self.sequence.push(byte);
                let ended = (0x40..=0x7e).contains(&byte);
                if ended {
                    self.note_screen();
                }
                if ended || byte < 0x20 || self.sequence.len() > LONGEST { At::Text } else { At::Sequence }
            }
            (At::String | At::StringEscape, byte) if ends_string(byte) => {
                if byte == b'\n' {
                    out.push(byte);
                }
                At::Text
            }
            // `ESC \` ends it; so does its form as one control character, whose second byte stands in no ASCII text.
            (At::StringEscape, b'\\') | (At::String, 0x9c) => At::Text,
            (At::String | At::StringEscape, 0x1b) => At::StringEscape,
            (At::String | At::StringEscape, _) => At::String,
        };
    }

    fn note_screen(&mut self) {
        if let Some((end, modes)) = self.sequence.split_last()
            && let Some(modes) = modes.strip_prefix(b"?")
            && modes.split(|byte| *byte == b';').any(|mode| matches!(mode, b"1049" | b"1047" | b"47"))
        {
            match end {
                b'h' => self.other_screen = true,
                b'l' => self.other_screen = false,
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn passed(bytes: &[u8], piece: usize) -> (Vec<u8>, Vec<u8>) {
        let (mut passing, mut out) = (Passing::default(), Vec::new());
        bytes.chunks(piece).for_each(|piece| passing.pass(piece, &mut out));
        (out, passing.farewell())
    }

    #[test]
    fn drawing_passes_and_what_would_last_does_not() {
        for (shown, wanted) in [
            (
                &b"a\x1b[31;1mred\x1b[0m\x1b[2J\x1b[5;9H\x1b7\x1b(B\r\n"[..],
                &b"a\x1b[31;1mred\x1b[0m\x1b[2J\x1b[5;9H\x1b7\x1b(B\r\n"[..],
            ),
            (b"a\x1b]0;owned\x07b", b"ab"),
            (b"a\x1b]52;c;cm0gLXJm\x1b\\b", b"ab"),
            (b"a\x1bP$qm\x1b\\b\x1b_x\x1b\\c\x1b^y\x1b\\d\x1bXz\x1b\\e\x1bkt\x1b\\f", b"abcdef"),
            ("a\u{9d}0;owned\u{9c}b".as_bytes(), b"ab"),
            (b"a\x1b]0;no end\r\nnext", b"a\nnext"),
            (b"a\x1b]0;x\x1b[31mb\x07c", b"ac"),
            (b"a\x1b[3\x1b]0;x\x07b", b"a\x1b[3b"),
            (b"a\xc2\x1b]0;x\x07b", b"ab"),
            ("Grüße é \u{202f}".as_bytes(), "Grüße é \u{202f}".as_bytes()),
        ] {
            assert_eq!(String::from_utf8_lossy(&passed(shown, 99).0), String::from_utf8_lossy(wanted));
        }
    }

    #[test]
    fn the_screen_that_was_left_is_come_back_to() {
        let ends = |shown: &[u8]| String::from_utf8(passed(shown, 3).1).expect("ASCII");
        assert!(ends(b"\x1b[?1049h\x1b[H").starts_with("\x1b[?1049l"));
        assert!(ends(b"\x1b[?25;1049h").contains("?1049l"));
        assert!(!ends(b"\x1b[?1049h\x1b[?1049l").contains("?1049l"));
        assert!(ends(b"Password: ").ends_with("\r\n") && !ends(b"done\r\n").ends_with("\r\n") && !ends(b"").ends_with("\r\n"));
    }

    proptest! {
        #[test]
        fn pieces_change_nothing_and_no_string_begins(bytes in prop::collection::vec(prop_oneof![
            Just(0x1b_u8), Just(b']'), Just(b'['), Just(b'P'), Just(0x07), Just(b'\\'), Just(0xc2), Just(0x9d), Just(b'h'), any::<u8>(),
        ], 0..60), piece in 1usize..8) {
            let (out, farewell) = passed(&bytes, piece);
            prop_assert_eq!((&out, &farewell), (&passed(&bytes, 60).0, &passed(&bytes, 60).1));
            prop_assert!(!out.windows(2).any(|pair| pair[0] == 0x1b && b"]PX^_k".contains(&pair[1])));
            prop_assert!(!out.windows(2).any(|pair| pair == [0xc2, 0x9d]));
        }
    }
}
