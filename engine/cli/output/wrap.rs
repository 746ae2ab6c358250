//! Text over as many lines as it needs on a terminal.

use unicode_width::UnicodeWidthChar as _;

use crate::output::style::{Palette, Tone};

/// How a text is laid over lines. Columns count from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lines {
    /// The columns of the terminal; `None` where no terminal is: a line is a line there, for whoever searches in a file.
    pub columns: Option<usize>,
    /// In which column the text begins.
    pub first: usize,
    /// In which column its later lines begin.
    pub hang: usize,
}

impl Lines {
    /// Lays pieces of text, each safe and without colours, behind one another; nothing is left out but the blanks at which a
    /// line is broken. A word that is longer than a line is broken where the line ends.
    #[must_use]
    pub fn lay(self, pieces: &[(Tone, &str)], palette: Palette) -> String {
        let columns = self.columns.unwrap_or(usize::MAX);
        // On a terminal as narrow as a deep indent, half of it stays for the text.
        let hang = self.hang.min(columns / 2);
        let mut text = String::new();
        let mut column = self.first;
        let mut is_fresh = true;
        for (tone, piece) in pieces {
            let mut run = String::new();
            for (blanks, word) in words(piece) {
                if column + wide(blanks) + wide(word) <= columns {
                    run.extend([blanks, word]);
                    column += wide(blanks) + wide(word);
                    is_fresh = is_fresh && word.is_empty();
                    continue;
                }
                if word.is_empty() {
                    continue;
                }
                if is_fresh {
                    run.push_str(blanks);
                    column += wide(blanks);
                } else {
                    end(&mut text, &mut run, *tone, palette, hang);
                    column = hang;
                }
                for letter in word.chars() {
                    if column + width(letter) > columns && column > hang {
                        end(&mut text, &mut run, *tone, palette, hang);
                        column = hang;
                    }
                    run.push(letter);
                    column += width(letter);
                }
                is_fresh = false;
            }
            text.push_str(&painted(&run, *tone, palette));
        }
        text
    }
}

/// How far a line is set in by its own blanks: what continues it stands below its text.
#[must_use]
pub fn indent(line: &str) -> usize {
    line.chars().take_while(|letter| *letter == ' ').count()
}

fn end(text: &mut String, run: &mut String, tone: Tone, palette: Palette, hang: usize) {
    text.push_str(&painted(run, tone, palette));
    run.clear();
    text.push('\n');
    text.push_str(&" ".repeat(hang));
}

fn painted(run: &str, tone: Tone, palette: Palette) -> String {
    if run.is_empty() { String::new() } else { palette.paint(tone, run) }
}

/// Each word with the blanks before it; blanks at the end come with an empty word.
fn words(mut text: &str) -> impl Iterator<Item = (&str, &str)> {
    std::iter::from_fn(move || {
        if text.is_empty() {
            return None;
        }
        let (blanks, rest) = text.split_at(text.find(|letter| letter != ' ').unwrap_or(text.len()));
        let (word, rest) = rest.split_at(rest.find(' ').unwrap_or(rest.len()));
        text = rest;
        Some((blanks, word))
    })
}

fn wide(text: &str) -> usize {
    text.chars().map(width).sum()
}

/// A tab goes on to the next eighth column at most.
fn width(letter: char) -> usize {
    if letter == '\t' { 8 } else { letter.width().unwrap_or(0) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn laid(text: &str, columns: usize, first: usize, hang: usize) -> String {
        Lines { columns: Some(columns), first, hang }.lay(&[(Tone::Plain, text)], Palette::plain())
    }

    #[test]
    fn words_stay_whole_and_later_lines_hang() {
        assert_eq!(laid("would run: systemctl restart api", 20, 4, 6), "would run:\n      systemctl\n      restart api");
        assert_eq!(laid("short", 20, 4, 6), "short");
    }

    #[test]
    fn a_word_longer_than_a_line_is_broken_and_keeps_every_letter() {
        assert_eq!(laid("in /var/lib/postgresql", 12, 0, 2), "in\n  /var/lib/p\n  ostgresql");
        assert_eq!(laid("数据库数据库", 7, 0, 1), "数据库\n 数据库");
    }

    #[test]
    fn without_a_terminal_a_line_is_a_line() {
        let long = "word ".repeat(100);
        let lines = Lines { columns: None, first: 4, hang: 6 };
        assert_eq!(lines.lay(&[(Tone::Plain, &long)], Palette::plain()), long);
    }

    #[test]
    fn each_line_is_painted_by_itself() {
        let lines = Lines { columns: Some(8), first: 0, hang: 2 };
        let text = lines.lay(&[(Tone::Plain, "one two"), (Tone::Faint, " three")], Palette::coloured());
        let (first, second) = text.split_once('\n').unwrap();
        assert_eq!(first, "one two");
        assert_eq!(second, format!("  {}", Palette::coloured().paint(Tone::Faint, "three")));
    }

    proptest! {
        #[test]
        fn nothing_is_cut_and_every_line_fits(text in "[ a-z数é/-]{0,120}", columns in 4usize..60, hang in 0usize..20) {
            let shown = laid(&text, columns, 0, hang);
            let letters = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
            prop_assert_eq!(letters(&shown), letters(&text));
            for line in shown.lines() {
                prop_assert!(wide(line.trim_end()) <= columns, "{:?} in {}", line, columns);
            }
        }
    }
}
