//! Grows the start position that Rhai gives into the stretch of text that a person would underline.

use rhai::Position;
use runbook_model::step::Location;

use crate::script::diagnosis::diagnostic::Span;
use crate::script::source::Sources;

/// The stretch around `position` in `file`; `None` when the position is not known.
pub(in crate::script) fn grown(sources: &Sources, file: &str, position: Position) -> Option<Span> {
    at(sources, &location(file, position))
}

/// The same for a recorded location.
pub(in crate::script) fn at(sources: &Sources, location: &Location) -> Option<Span> {
    if location.line == 0 {
        return None;
    }
    let text = sources.line(&location.file, location.line).unwrap_or_default();
    let column = beginning(text, location.column.max(1));
    Some(Span { file: location.file.clone(), line: location.line, column, length: length(text, column as usize) })
}

/// Only the name of the call that the stretch is of: what is wrong is the name, and not what it is called with.
pub(in crate::script) fn name(sources: &Sources, span: Span) -> Span {
    let text = sources.line(&span.file, span.line).unwrap_or_default();
    let rest: Vec<char> = text.chars().skip(span.column.saturating_sub(1) as usize).collect();
    let length = u32::try_from(identifier(&rest).max(1)).unwrap_or(1).min(span.length);
    Span { length, ..span }
}

/// Rhai points at the `get` of `http::get(…)`: goes back to where the name begins.
fn beginning(line: &str, column: u32) -> u32 {
    let before: Vec<char> = line.chars().take(column as usize - 1).collect();
    let is_part = |c: &char| c.is_alphanumeric() || *c == '_';
    let mut begin = before.len();
    while begin >= 3 && before[begin - 2..begin] == [':', ':'] && is_part(&before[begin - 3]) {
        begin -= 2;
        while begin > 0 && is_part(&before[begin - 1]) {
            begin -= 1;
        }
    }
    u32::try_from(begin + 1).unwrap_or(column)
}

/// The position as a location; line 0 when it is not known.
pub(in crate::script) fn location(file: &str, position: Position) -> Location {
    let number = |n: Option<usize>| n.and_then(|n| u32::try_from(n).ok()).unwrap_or(0);
    Location { file: file.to_owned(), line: number(position.line()), column: number(position.position()) }
}

/// How many characters of `line` belong together from `column` on: a call with its arguments when they end on this
/// line, a name, a literal, an operator.
fn length(line: &str, column: usize) -> u32 {
    let rest: Vec<char> = line.chars().skip(column.saturating_sub(1)).collect();
    let end = match rest.first() {
        None => 1,
        Some(c) if c.is_alphanumeric() || *c == '_' => call(&rest),
        Some('"' | '`' | '\'') => literal(&rest),
        Some(_) => rest.iter().take_while(|c| "=!<>&|+-*/%^.:?".contains(**c)).count(),
    };
    u32::try_from(end.max(1)).unwrap_or(1)
}

/// How long the name at the beginning is, with the modules that it is in.
fn identifier(rest: &[char]) -> usize {
    let is_part = |at: usize| rest.get(at).is_some_and(|c| c.is_alphanumeric() || *c == '_');
    let mut end = 0;
    while is_part(end) || (rest.get(end) == Some(&':') && rest.get(end + 1) == Some(&':') && is_part(end + 2)) {
        end += if is_part(end) { 1 } else { 2 };
    }
    end
}

fn call(rest: &[char]) -> usize {
    let end = identifier(rest);
    if rest.get(end) != Some(&'(') {
        return end;
    }
    let mut depth = 0_usize;
    let mut at = end;
    while let Some(c) = rest.get(at) {
        match c {
            '"' | '`' => {
                at += literal(&rest[at..]);
                continue;
            }
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            _ => {}
        }
        at += 1;
        if depth == 0 {
            return at;
        }
    }
    end
}

fn literal(rest: &[char]) -> usize {
    let mut at = 1;
    while let Some(c) = rest.get(at) {
        match c {
            '\\' => at += 2,
            c if *c == rest[0] => return at + 1,
            _ => at += 1,
        }
    }
    rest.len()
}

#[cfg(test)]
mod tests {
    use super::{beginning, length};

    #[test]
    fn a_qualified_name_is_one_name() {
        assert_eq!(beginning("x = a::bc::get(1)", 12), 5);
        assert_eq!(beginning("x = get(1)", 5), 5);
        assert_eq!(beginning("::get", 3), 3);
    }

    #[test]
    fn underlines_what_belongs_together() {
        let cases = [
            ("let x = http::get(url + \"/(\").status;", 9, "http::get(url + \"/(\")"),
            ("command(\"restart\", #{", 1, "command"),
            ("  timout: \"10s\",", 3, "timout"),
            ("a == \"b\"", 3, "=="),
            ("x = `ä ${b}` + 1", 5, "`ä ${b}`"),
            ("", 1, " "),
        ];
        for (line, column, want) in cases {
            assert_eq!(length(line, column) as usize, want.chars().count(), "{line}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_is_too_odd(line in ".{0,60}", column in 0_usize..80) {
            assert!(length(&line, column) >= 1);
            let column = u32::try_from(column).expect("small") + 1;
            assert!((1..=column.max(61)).contains(&beginning(&line, column)));
        }
    }
}
