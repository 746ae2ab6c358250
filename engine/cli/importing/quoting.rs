//! Where a shell puts values into a text, and where it does not: quotes, comments and here-documents.

use std::collections::VecDeque;

/// What a shell takes the next letter for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Within {
    /// A word, or what stands between words.
    Words,
    /// `"…"`
    Double,
    /// `'…'`
    Single,
    /// Behind `#`.
    Comment,
    /// A here-document; in one whose word is in quotes nothing is replaced.
    Here { quoted: bool },
}

/// Reads a script letter by letter.
#[derive(Debug, Default)]
pub(super) struct Quoting {
    quote: Option<char>,
    escaped: bool,
    comment: bool,
    before: Option<char>,
    /// How many `<` stand before the next letter.
    arrows: usize,
    /// The word behind `<<`, while it is read.
    word: Option<Delimiter>,
    /// Here-documents that begin on the next line.
    announced: VecDeque<Delimiter>,
    /// The one that is being read, and its line so far.
    here: Option<Delimiter>,
    line: String,
}

/// The word that ends a here-document.
#[derive(Debug, Default)]
struct Delimiter {
    text: String,
    quoted: bool,
    open: Option<char>,
}

impl Quoting {
    pub(super) fn within(&self) -> Within {
        match (&self.here, self.comment, self.quote) {
            (Some(here), ..) => Within::Here { quoted: here.quoted },
            (None, true, _) => Within::Comment,
            (None, false, Some('\'')) => Within::Single,
            (None, false, Some(_)) => Within::Double,
            (None, false, None) => Within::Words,
        }
    }

    pub(super) fn read(&mut self, c: char) {
        let before = self.before.replace(c);
        if let Some(here) = &self.here {
            if c != '\n' {
                self.line.push(c);
            } else if std::mem::take(&mut self.line).trim() == here.text {
                self.here = self.announced.pop_front();
            }
            return;
        }
        if std::mem::take(&mut self.escaped) || self.delimits(c) {
            return;
        }
        let arrows = std::mem::take(&mut self.arrows);
        match (self.quote, c) {
            (_, '\n') if self.quote.is_none() => {
                self.comment = false;
                self.here = self.announced.pop_front();
            }
            _ if self.comment => {}
            (None | Some('"'), '\\') => self.escaped = true,
            (None, '\'' | '"') => self.quote = Some(c),
            (Some(open), c) if open == c => self.quote = None,
            (None, '#') if before.is_none_or(|before| before.is_whitespace() || before == ';') => self.comment = true,
            (None, '<') => self.arrows = arrows + 1,
            _ => {}
        }
    }

    /// A value stands here instead of letters that were written down.
    pub(super) fn value(&mut self) {
        self.read('x');
    }

    /// Whether a letter belongs to the word behind `<<`.
    fn delimits(&mut self, c: char) -> bool {
        // `<<<` is followed by a text, and not by the word of a here-document.
        if self.arrows == 2 && c != '<' {
            self.arrows = 0;
            self.word = Some(Delimiter::default());
        }
        let Some(word) = &mut self.word else { return false };
        match (word.open, c) {
            (Some(open), c) if open == c => word.open = None,
            (Some(_), _) => word.text.push(c),
            (None, '\'' | '"') => (word.quoted, word.open) = (true, Some(c)),
            (None, '\\') => word.quoted = true,
            (None, '-' | ' ' | '\t') if word.text.is_empty() && !word.quoted => {}
            (None, c) if c.is_whitespace() || ";|&<>()".contains(c) => {
                // `$((1 << 2))` shifts.
                let ended = self.word.take().filter(|word| !word.text.starts_with(|c: char| c.is_ascii_digit()));
                self.announced.extend(ended.filter(|word| !word.text.is_empty()));
                return false;
            }
            (None, c) => word.text.push(c),
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::{Quoting, Within};

    /// What the shell takes the letter `x` of a text for, each time.
    fn within(text: &str) -> Vec<Within> {
        let mut quoting = Quoting::default();
        let mut all = Vec::new();
        for c in text.chars() {
            if c == 'x' {
                all.push(quoting.within());
            }
            quoting.read(c);
        }
        all
    }

    #[test]
    fn quotes_comments_and_here_documents_are_told_apart() {
        use Within::{Comment, Double, Here, Single, Words};
        let (here, quoted) = (Here { quoted: false }, Here { quoted: true });
        assert_eq!(within("x \"x'x'x\" 'x\"x' \\'x \"\\\"x\""), [Words, Double, Double, Double, Single, Single, Words, Double]);
        assert_eq!(within("a # it's x\nx #x\nb#x"), [Comment, Words, Comment, Words]);
        assert_eq!(within("cat <<EOF x\nit's x\n  EOF\nx"), [Words, here, Words]);
        assert_eq!(within("cat <<-'E-F' | y\nx\nE-F\nx"), [quoted, Words]);
        assert_eq!(within("a <<A <<\"B\"\nx\nA\nx\nB\nx"), [here, quoted, Words]);
        assert_eq!(within("a <<< x\nx\necho $((1<<2)) x\nx"), [Words, Words, Words, Words]);
    }
}
