//! Words as a shell reads them: quotes and backslashes taken away. Nothing is ever expanded.

/// The quotes that are open at the end of a text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Open {
    /// None.
    #[default]
    None,
    /// `'`: everything stands for itself.
    Single,
    /// `"`: `\`, `$` and backquotes do not.
    Double,
}

/// Splits a line; the last word, perhaps empty, is the one that is being typed and stays as it was typed.
#[must_use]
pub(super) fn split(line: &str) -> (Vec<String>, String) {
    let mut words = Vec::new();
    let (mut start, mut open, mut escaped) = (None, Open::None, false);
    for (at, letter) in line.char_indices() {
        let between = open == Open::None && !escaped && letter.is_whitespace();
        match (between, start) {
            (true, Some(begin)) => {
                words.push(dequoted(&line[begin..at]).0);
                start = None;
            }
            (false, None) => start = Some(at),
            _ => {}
        }
        (open, escaped) = after(open, escaped, letter);
    }
    (words, start.map_or_else(String::new, |begin| line[begin..].to_owned()))
}

/// A word without its quotes, and which of them is still open.
#[must_use]
pub(super) fn dequoted(word: &str) -> (String, Open) {
    let mut plain = String::new();
    let (mut open, mut escaped) = (Open::None, false);
    for letter in word.chars() {
        let next = after(open, escaped, letter);
        // Between double quotes a backslash quotes these four, and stands for itself before all others.
        if escaped && open == Open::Double && !matches!(letter, '"' | '\\' | '$' | '`') {
            plain.push('\\');
        }
        if escaped || (next.0 == open && !next.1) {
            plain.push(letter);
        }
        (open, escaped) = next;
    }
    (plain, open)
}

fn after(open: Open, escaped: bool, letter: char) -> (Open, bool) {
    match (open, letter) {
        _ if escaped => (open, false),
        (Open::None | Open::Double, '\\') => (open, true),
        (Open::None, '\'') => (Open::Single, false),
        (Open::None, '"') => (Open::Double, false),
        (Open::Single, '\'') | (Open::Double, '"') => (Open::None, false),
        _ => (open, false),
    }
}

/// A text so that a POSIX shell reads it as itself, inside of quotes that are open.
#[must_use]
pub(super) fn quoted(text: &str, open: Open) -> String {
    let mut quoted = String::new();
    for letter in text.chars() {
        match open {
            Open::Single if letter == '\'' => quoted.push_str("'\\''"),
            // Even between double quotes, bash looks for a command of before; a backslash keeps it from that, and stays.
            Open::Double if letter == '!' => quoted.push_str("\"'!'\""),
            Open::Double if matches!(letter, '"' | '\\' | '$' | '`') => quoted.extend(['\\', letter]),
            Open::None if !(letter.is_alphanumeric() || "_-./:=@%+,".contains(letter)) => quoted.extend(['\\', letter]),
            _ => quoted.push(letter),
        }
    }
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_line_is_read_as_a_shell_reads_it_up_to_the_word_being_typed() {
        let line = "runbook  exec 'my runbook' -p to=\"v 1\" a\\ b $(rm x) 'half";
        let (words, current) = split(line);
        assert_eq!(words, ["runbook", "exec", "my runbook", "-p", "to=v 1", "a b", "$(rm", "x)"]);
        assert_eq!(current, "'half");
        assert_eq!(dequoted(&current), ("half".to_owned(), Open::Single));
        assert_eq!(split("runbook exec "), (vec!["runbook".to_owned(), "exec".to_owned()], String::new()));
        assert_eq!(dequoted(r#""a\"b\c"#), (r#"a"b\c"#.to_owned(), Open::Double));
    }

    proptest! {
        /// What is offered is read back as what was meant, whatever it holds, and is one word.
        #[test]
        fn quoting_is_undone_by_reading(text in "[^\u{0}\n]{1,40}", open in 0_usize..3) {
            let (open, mark) = [(Open::None, ""), (Open::Single, "'"), (Open::Double, "\"")][open];
            let typed = format!("{mark}{}", quoted(&text, open));
            prop_assert_eq!(dequoted(&typed), (text.clone(), open));
            let (words, rest) = split(&format!("runbook {typed}{mark} x"));
            prop_assert_eq!(words, ["runbook".to_owned(), text]);
            prop_assert_eq!(rest, "x");
        }
    }
}
