//! What stands in a command for a value that somebody has to fill in.

use std::collections::BTreeSet;

use super::bash::bare;
use super::quoting::{Quoting, Within};
use super::shell::is_identifier;
use crate::reserved::is_reserved;

/// A command, in pieces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    /// As it stands there.
    Text(String),
    /// The value of a parameter.
    Parameter {
        /// Its name.
        name: String,
        /// The placeholder, as it stands there.
        written: String,
    },
    /// What must not stand in a journal, as every parameter does: it comes from the environment.
    Secret {
        /// The variable that holds it.
        name: String,
        /// The placeholder, as it stands there.
        written: String,
    },
}

/// Variables that a shell has anyway.
const USUAL: [&str; 20] = [
    "HOME", "PATH", "USER", "PWD", "OLDPWD", "HOSTNAME", "SHELL", "LANG", "TERM", "TMPDIR", "EDITOR", "UID", "RANDOM", "SECONDS",
    "IFS", "PS1", "LOGNAME", "DISPLAY", "LINENO", "PPID",
];

/// The parameter for a variable; `None` when what it holds sounds like a secret, and must not become one.
pub(super) fn parameter_of(variable: &str) -> Option<String> {
    match cut(&format!("${{{variable}}}")).as_slice() {
        [Piece::Parameter { name, .. }] => Some(name.clone()),
        _ => None,
    }
}

/// Cuts a command at its placeholders: `<name>`, `{{name}}`, `YOUR_NAME`, and variables that nothing in it sets.
pub(super) fn cut(text: &str) -> Vec<Piece> {
    let set = assigned(text);
    let mut pieces = Vec::new();
    let mut plain = String::new();
    let mut rest = text;
    let mut quoting = Quoting::default();
    while let Some(c) = rest.chars().next() {
        if let Some((name, length)) = placeholder(rest, plain.chars().next_back(), quoting.within(), &set) {
            if !plain.is_empty() {
                pieces.push(Piece::Text(std::mem::take(&mut plain)));
            }
            let written = rest[..length].to_owned();
            pieces.push(match is_secret(&name) {
                // A variable keeps its name, whatever its letters.
                true if c == '$' => Piece::Secret { name: written.trim_matches(['$', '{', '}']).to_owned(), written },
                true => Piece::Secret { name: name.to_ascii_uppercase(), written },
                false => Piece::Parameter { name, written },
            });
            rest = &rest[length..];
            quoting.value();
            continue;
        }
        quoting.read(c);
        plain.push(c);
        rest = &rest[c.len_utf8()..];
    }
    if !plain.is_empty() {
        pieces.push(Piece::Text(plain));
    }
    pieces
}

/// The placeholder at the beginning: the parameter for it, and how many bytes it takes.
fn placeholder(rest: &str, before: Option<char>, within: Within, set: &BTreeSet<String>) -> Option<(String, usize)> {
    // What a comment says is for people.
    if within == Within::Comment {
        return None;
    }
    let wordy = |c: char| c.is_ascii_alphanumeric() || "_-. ".contains(c);
    let between = |open: &str, close: &str| {
        let (inside, _) = rest.strip_prefix(open)?.split_once(close)?;
        let name = inside.trim();
        let fits = (1..=40).contains(&name.len())
            && name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name.chars().all(wordy)
            && (open != "<" || name == inside);
        fits.then(|| (parameter(name), open.len() + inside.len() + close.len()))
    };
    if rest.starts_with('<') && before != Some('<') {
        return between("<", ">");
    }
    if rest.starts_with("{{") {
        return between("{{", "}}").filter(|(_, length)| !is_template(&rest[2..length - 2]));
    }
    if rest.starts_with("YOUR_") && !before.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_' || c == '$') {
        let length = rest.bytes().take_while(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == b'_').count();
        return Some((parameter(rest[5..length].trim_matches('_')), length));
    }
    // There, a shell leaves a variable as it is written.
    if matches!(within, Within::Single | Within::Here { quoted: true }) || before == Some('\\') {
        return None;
    }
    let variable = rest.strip_prefix('$')?;
    let (name, length) = match variable.strip_prefix('{') {
        Some(inside) => inside.split_once('}').map(|(name, _)| (name, name.len() + 3))?,
        None => {
            let length = variable.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_').count();
            (&variable[..length], length + 1)
        }
    };
    let is_one = is_identifier(name) && !USUAL.contains(&name) && !set.contains(name);
    is_one.then(|| (parameter(name), length))
}

/// Whether what stands in braces is for a program that has templates of its own: `docker ps --format '{{json .State}}'`.
fn is_template(inside: &str) -> bool {
    let mut words = inside.split_whitespace();
    matches!(inside.trim(), "end" | "else") || words.any(|word| word.starts_with('.'))
}

/// Whether the name of a parameter speaks of something secret.
fn is_secret(name: &str) -> bool {
    let words =
        ["password", "passwd", "passphrase", "api_key", "apikey", "access_key", "secret_key", "private_key", "credential"];
    words.iter().any(|word| name.contains(word))
        || name == "secret"
        || name.split('_').any(|word| matches!(word, "token" | "pass"))
}

/// The variables that a script sets itself: `X=1` where a command begins, and names behind words such as `read`. As an argument,
/// `X=$X` sets nothing that the shell would know.
fn assigned(text: &str) -> BTreeSet<String> {
    /// What the next word is.
    #[derive(Clone, Copy)]
    enum Next {
        Command,
        Name,
        Names,
        Argument,
    }
    let mut separated = String::new();
    // A command goes on behind a line that ends with a backslash.
    for c in bare(&text.replace("\\\n", " ")).chars() {
        match c {
            ';' | '&' | '|' | '(' | ')' | '`' | '\n' => separated.push_str(" ; "),
            c => separated.push(c),
        }
    }
    let mut set = BTreeSet::new();
    let mut next = Next::Command;
    for word in separated.split_whitespace() {
        let assigns = word.split_once('=').map(|(name, _)| name.trim_end_matches('+')).filter(|name| is_identifier(name));
        next = match (next, word) {
            (_, ";" | "{") => Next::Command,
            (Next::Command, "do" | "then" | "else" | "elif" | "if" | "while" | "until" | "time" | "!") => Next::Command,
            (Next::Command, "for" | "select") => Next::Name,
            (
                Next::Command,
                "read" | "local" | "declare" | "typeset" | "readonly" | "mapfile" | "readarray" | "getopts" | "let",
            ) => Next::Names,
            // Without a value it passes on what the script was given.
            (Next::Command, "export") => Next::Command,
            (Next::Command | Next::Names, _) if assigns.is_some() => {
                set.extend(assigns.map(str::to_owned));
                next
            }
            (Next::Name | Next::Names, _) if is_identifier(word) => {
                set.insert(word.to_owned());
                if matches!(next, Next::Names) { Next::Names } else { Next::Argument }
            }
            (Next::Names, _) => Next::Names,
            (Next::Command | Next::Name | Next::Argument, _) => Next::Argument,
        };
    }
    set
}

/// The name of the parameter for a placeholder: one for `<name-space>`, `$NAME_SPACE` and `{{ name space }}`.
fn parameter(placeholder: &str) -> String {
    let mut name = String::new();
    for c in placeholder.chars() {
        match c {
            c if c.is_ascii_alphanumeric() => name.push(c.to_ascii_lowercase()),
            _ if !name.is_empty() && !name.ends_with('_') => name.push('_'),
            _ => {}
        }
    }
    let name = name.trim_end_matches('_');
    if name.is_empty() || is_reserved(name) || name.starts_with(|c: char| c.is_ascii_digit()) {
        return format!("the_{name}").trim_end_matches('_').to_owned();
    }
    name.to_owned()
}
