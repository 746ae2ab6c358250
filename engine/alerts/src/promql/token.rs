//! The words and signs of an expression.

use super::parse::NotUnderstood;

/// A word or a sign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// A name: of a metric, a label, a function, or a keyword.
    Name(String),
    /// A text in quotes, without them.
    Text(String),
    /// A number or a length of time.
    Number,
    /// An operator, a bracket, a comma.
    Sign(&'static str),
}

/// Longer ones first: `>=` is not `>` and `=`.
const SIGNS: [&str; 27] = [
    "==", "!=", ">=", "<=", "=~", "!~", "|=", "|~", "|>", "!>", "+", "-", "*", "/", "%", "^", ">", "<", "=", ",", "(", ")", "{",
    "}", "[", "]", "|",
];
/// Those that only stand in brackets and modifiers.
const RARE: [&str; 2] = [":", "@"];

/// The tokens of a text.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, NotUnderstood> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if first.is_whitespace() {
            rest = rest.trim_start();
        } else if first == '#' {
            rest = rest.split_once('\n').map_or("", |(_, rest)| rest);
        } else if matches!(first, '"' | '\'' | '`') {
            let (token, length) = quoted(rest, first).ok_or(NotUnderstood)?;
            tokens.push(Token::Text(token));
            rest = &rest[length..];
        } else if first.is_ascii_digit() || (first == '.' && rest[1..].starts_with(|c: char| c.is_ascii_digit())) {
            rest = &rest[number(rest)..];
            tokens.push(Token::Number);
        } else if first.is_ascii_alphabetic() || first == '_' || (first == ':' && is_name_behind_colon(&tokens, rest)) {
            let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | ':'))).unwrap_or(rest.len());
            tokens.push(Token::Name(rest[..end].to_owned()));
            rest = &rest[end..];
        } else {
            let sign = SIGNS.into_iter().chain(RARE).find(|sign| rest.starts_with(sign)).ok_or(NotUnderstood)?;
            tokens.push(Token::Sign(sign));
            rest = &rest[sign.len()..];
        }
    }
    Ok(tokens)
}

/// A colon begins a name (`:node:sum`), and in brackets it stands between two lengths of time (`[5m:1m]`).
fn is_name_behind_colon(before: &[Token], rest: &str) -> bool {
    !matches!(before.last(), Some(Token::Number)) && rest[1..].starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
}

/// A text in quotes, and how many bytes it takes.
fn quoted(rest: &str, quote: char) -> Option<(String, usize)> {
    let mut text = String::new();
    let mut chars = rest.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        match c {
            c if c == quote => return Some((text, at + c.len_utf8())),
            // Which character it stands for matters to nobody here: no name of a label has one.
            '\\' if quote != '`' => text.extend(chars.next().map(|_| '\u{fffd}')),
            c => text.push(c),
        }
    }
    None
}

/// How many bytes a number or a length of time takes: `1.5e-3`, `0x1f`, `1h30m`.
fn number(text: &str) -> usize {
    let bytes = text.as_bytes();
    let is_hexadecimal = text.starts_with("0x") || text.starts_with("0X");
    let mut at = 0;
    while at < bytes.len() {
        let byte = bytes[at];
        let sign = matches!(byte, b'+' | b'-') && at > 0 && matches!(bytes[at - 1], b'e' | b'E') && !is_hexadecimal;
        if !(byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_') || sign) {
            break;
        }
        at += 1;
    }
    at
}
