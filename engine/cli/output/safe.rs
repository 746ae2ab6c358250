//! Makes any text and any bytes safe to show.
//!
//! A command may print anything, and so may a server whose answer a check quotes. A sequence that moves the cursor can
//! redraw a prompt, and a forged prompt is a forged approval; one that sets the clipboard or the title does harm later.
//! So every control character, every character that reorders text, and every one that takes no room is shown by name;
//! of terminal sequences only complete SGR ones (colours) may pass, and only where the caller wants colours.

use std::fmt::Write as _;

/// What becomes of the colours in a command's output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colours {
    /// They pass, and are closed at the end of each line.
    Kept,
    /// They are left out.
    Dropped,
}

/// Text as one line: line breaks and tabs are shown as `␊` and `␉`, no colour passes.
#[must_use]
pub fn line(text: &str) -> String {
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return text.to_owned(); // nearly always
    }
    let mut shown = String::with_capacity(text.len());
    text.chars().for_each(|c| push(&mut shown, c));
    shown
}

/// Bytes as lines of text. Bytes that are not UTF-8 are shown as `\xNN`; `\n` and tabs stay.
#[must_use]
pub fn block(bytes: &[u8], colours: Colours) -> String {
    let mut shown = Shown { text: String::with_capacity(bytes.len()), colours, open: Vec::new(), reopen: false };
    for chunk in bytes.utf8_chunks() {
        shown.take(chunk.valid());
        for byte in chunk.invalid() {
            shown.reopen();
            // Writing to a String does not fail.
            write!(shown.text, "\\x{byte:02x}").ok();
        }
    }
    shown.close();
    shown.text
}

/// The last line of some output that has anything in it: what a person would see at the cursor.
#[must_use]
pub fn last_line(bytes: &[u8]) -> Option<String> {
    let text = block(bytes, Colours::Dropped).replace('\t', " ");
    // `␍` is a carriage return by now: what follows it overwrites what stood there.
    text.split(['\n', '␍']).rev().map(str::trim).find(|line| !line.is_empty()).map(str::to_owned)
}

fn push(shown: &mut String, c: char) {
    match u32::from(c) {
        code @ 0..=0x1f => shown.push(char::from_u32(0x2400 + code).unwrap_or('\u{fffd}')),
        0x7f => shown.push('␡'),
        code if is_hidden(code) => {
            write!(shown, "\\u{{{code:x}}}").ok();
        }
        _ => shown.push(c),
    }
}

/// Whether a character cannot be seen, or changes how others are seen.
fn is_hidden(code: u32) -> bool {
    matches!(
        code,
        0x80..=0x9f          // C1: some terminals take U+009B for ESC [
        | 0xad | 0x34f | 0x61c | 0x115f | 0x1160 | 0x17b4 | 0x17b5 | 0x180b..=0x180f
        | 0x200b..=0x200f    // zero width, and marks of direction
        | 0x2028..=0x202e    // separators of lines and paragraphs, overrides of direction
        | 0x2060..=0x206f | 0x3164 | 0xfeff | 0xffa0 | 0xfff0..=0xfffb
        | 0x1bca0..=0x1bca3 | 0x1d173..=0x1d17a | 0xe0000..=0xe0fff
    )
}

const RESET: &str = "\u{1b}[0m";
/// More colours than this are never open at once in honest output; the oldest is forgotten then.
const MOST_OPEN: usize = 8;

struct Shown {
    text: String,
    colours: Colours,
    /// The SGR sequences since the last reset.
    open: Vec<String>,
    /// They were closed for a line break and have to be opened again before the next character.
    reopen: bool,
}

impl Shown {
    fn take(&mut self, valid: &str) {
        let mut rest = valid;
        while let Some(c) = rest.chars().next() {
            if let Some(sequence) = sgr(rest) {
                self.colour(sequence);
                rest = &rest[sequence.len()..];
                continue;
            }
            rest = &rest[c.len_utf8()..];
            match c {
                '\r' if rest.starts_with('\n') => {}
                '\n' => {
                    self.close();
                    self.text.push('\n');
                }
                '\t' => self.text.push('\t'),
                c => {
                    self.reopen();
                    push(&mut self.text, c);
                }
            }
        }
    }

    fn colour(&mut self, sequence: &str) {
        if self.colours == Colours::Dropped {
            return;
        }
        self.reopen();
        self.text.push_str(sequence);
        if matches!(sequence, "\u{1b}[m" | RESET) {
            self.open.clear();
        } else {
            if self.open.len() == MOST_OPEN {
                self.open.remove(0);
            }
            self.open.push(sequence.to_owned());
        }
    }

    fn close(&mut self) {
        if !self.open.is_empty() && !self.reopen {
            self.text.push_str(RESET);
            self.reopen = true;
        }
    }

    fn reopen(&mut self) {
        if self.reopen {
            self.text.extend(self.open.iter().map(String::as_str));
            self.reopen = false;
        }
    }
}

/// The complete SGR sequence at the start of `text`, when it does nothing but colour and weight.
fn sgr(text: &str) -> Option<&str> {
    let body = text.strip_prefix("\u{1b}[")?;
    let end = body.find(|c: char| !(c.is_ascii_digit() || c == ';'))?;
    if end > 24 || !body[end..].starts_with('m') {
        return None;
    }
    let mut parameters = body[..end].split(';');
    while let Some(parameter) = parameters.next() {
        let number: u16 = if parameter.is_empty() { 0 } else { parameter.parse().ok()? };
        match number {
            // 5 and 6 blink; 8 hides what follows, and hidden text is what this file is against.
            0..=4 | 7 | 9 | 22..=24 | 27 | 29 | 30..=37 | 39..=47 | 49 | 90..=97 | 100..=107 => {}
            38 | 48 => {
                let more = match parameters.next()? {
                    "5" => 1,
                    "2" => 3,
                    _ => return None,
                };
                for _ in 0..more {
                    parameters.next()?.parse::<u8>().ok()?;
                }
            }
            _ => return None,
        }
    }
    Some(&text[.."\u{1b}[".len() + end + 1])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What is left when every complete SGR sequence is taken out, by a second, simpler reading.
    fn without_sgr(text: &str) -> String {
        let mut parts = text.split('\u{1b}');
        let mut rest = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let tail = part.strip_prefix('[').and_then(|part| {
                let end = part.find('m')?;
                part[..end].chars().all(|c| c.is_ascii_digit() || c == ';').then_some(&part[end + 1..])
            });
            match tail {
                Some(tail) => rest.push_str(tail),
                None => rest.push_str(&format!("\u{1b}{part}")),
            }
        }
        rest
    }

    fn is_dangerous(c: char) -> bool {
        (c.is_control() && c != '\n' && c != '\t')
            || matches!(u32::from(c), 0x200b..=0x200f | 0x2028..=0x202e | 0x2060..=0x206f | 0x61c | 0xfeff)
    }

    fn hostile() -> impl Strategy<Value = Vec<u8>> {
        let piece = prop_oneof![
            prop::collection::vec(any::<u8>(), 0..6),
            prop::sample::select(vec![
                "\u{1b}[",
                "\u{1b}[31m",
                "\u{1b}[0m",
                "\u{1b}[8m",
                "\u{1b}[38;5;200m",
                "\u{1b}]52;c;AAAA\u{7}",
                "\u{9b}31m",
                "\u{202e}",
                "\u{2066}",
                "\u{1b}[2J",
                "\r\n",
                "\r",
                "m",
                "31",
                ";",
                "ok",
                "\n",
                "\t",
                "\u{200d}",
                "\u{1b}[31",
                "\u{1b}P",
            ])
            .prop_map(|text| text.as_bytes().to_vec()),
        ];
        prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn nothing_but_complete_colours_reaches_the_terminal(bytes in hostile()) {
            let kept = block(&bytes, Colours::Kept);
            prop_assert!(!without_sgr(&kept).contains(is_dangerous), "{kept:?}");
            let dropped = block(&bytes, Colours::Dropped);
            prop_assert!(!dropped.contains(is_dangerous), "{dropped:?}");
        }

        #[test]
        fn every_line_closes_the_colours_that_it_opens(bytes in hostile()) {
            for line in block(&bytes, Colours::Kept).lines() {
                let last = line.rfind("\u{1b}[").map(|at| &line[at..]);
                prop_assert!(last.is_none_or(|last| last.starts_with(RESET) || last.starts_with("\u{1b}[m")), "{line:?}");
            }
        }

        #[test]
        fn a_line_is_one_line_without_any_control(bytes in hostile()) {
            let line = line(&String::from_utf8_lossy(&bytes));
            prop_assert!(!line.contains(|c: char| c.is_control() || is_dangerous(c)), "{line:?}");
        }

        #[test]
        fn honest_text_is_not_touched(text in "[ -~äöüß✓…\n\t]{0,60}") {
            prop_assert_eq!(block(text.as_bytes(), Colours::Kept), text);
        }
    }

    #[test]
    fn what_is_hidden_is_shown_by_name() {
        assert_eq!(line("rm \u{202e}gpj.exe\u{1b}[2Ka\nb"), "rm \\u{202e}gpj.exe␛[2Ka␊b");
        assert_eq!(block(b"caf\xc3\xa9 \xff\x9b", Colours::Kept), "café \\xff\\x9b");
    }

    #[test]
    fn colours_pass_and_never_leak_into_the_next_line() {
        let output = block(b"\x1b[31mbad\nworse\x1b[0m\nplain", Colours::Kept);
        assert_eq!(output, "\u{1b}[31mbad\u{1b}[0m\n\u{1b}[31mworse\u{1b}[0m\nplain");
        assert_eq!(block(b"\x1b[31mbad\x1b[0m", Colours::Dropped), "bad");
        assert_eq!(block(b"\x1b[8mhidden", Colours::Kept), "␛[8mhidden");
    }

    #[test]
    fn the_last_line_is_what_stands_at_the_cursor() {
        assert_eq!(last_line(b"one\n10 %\r50 %\r\n\n").as_deref(), Some("50 %"));
        assert_eq!(last_line(b" \n\n"), None);
    }
}
