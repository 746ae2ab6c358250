//! Comments in a script.

/// Control characters, others that change how a line is read, and private ones.
pub(super) fn is_hidden(c: char) -> bool {
    (c.is_control() && c != '\n' && c != '\t')
        || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' | '\u{e000}'..='\u{f8ff}')
}

/// A comment of so many lines. No sign in it can end the line that it stands in.
pub(super) fn comment(mark: &str, text: &str, indent: usize) -> String {
    let pad = " ".repeat(indent);
    let visible = |c: char| if is_hidden(c) || c == '\t' { '\u{fffd}' } else { c };
    text.split('\n')
        .map(|line| format!("{pad}{mark} {}", line.chars().map(visible).collect::<String>()).trim_end().to_owned() + "\n")
        .collect()
}
