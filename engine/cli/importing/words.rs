//! A command as `run` takes it: a list of words where no shell is needed, `sh("…", #{ … })` where one is.

use std::collections::BTreeSet;

use super::bash;
use super::placeholder::Piece;
use super::quoting::{Quoting, Within};
use crate::literal::quoted;

/// Only a shell understands these.
const FOR_A_SHELL: &str = "|&;<>()$`*?[]{}~#!\n";

/// Only a shell has these.
const BUILT_IN: [&str; 18] = [
    "cd", "export", "source", ".", "alias", "set", "unset", "ulimit", "umask", "eval", "exec", "if", "for", "while", "until",
    "case", "time", "function",
];

/// Programs that only look, when the second word is one of these or there are none.
const LOOKING: [(&str, &[&str]); 28] = [
    ("kubectl", &["get", "describe", "logs", "top", "version", "explain", "api-resources", "cluster-info"]),
    ("oc", &["get", "describe", "logs", "status", "version"]),
    ("docker", &["ps", "logs", "inspect", "images", "version", "info"]),
    ("systemctl", &["status", "is-active", "is-enabled", "is-failed", "list-units", "show", "cat"]),
    ("git", &["status", "log", "diff", "show"]),
    ("helm", &["list", "status", "history", "get", "version"]),
    ("terraform", &["plan", "show", "output", "version", "validate"]),
    ("ls", &[]),
    ("cat", &[]),
    ("df", &[]),
    ("du", &[]),
    ("free", &[]),
    ("ps", &[]),
    ("uptime", &[]),
    ("grep", &[]),
    ("head", &[]),
    ("tail", &[]),
    ("wc", &[]),
    ("ss", &[]),
    ("netstat", &[]),
    ("ping", &[]),
    ("dig", &[]),
    ("nslookup", &[]),
    ("host", &[]),
    ("whoami", &[]),
    ("which", &[]),
    ("stat", &[]),
    ("lsof", &[]),
];

/// A command, ready to be written down.
pub(super) struct Run {
    /// The expression for `run`.
    pub(super) expression: String,
    /// Whether it is sure to change nothing.
    pub(super) looks: bool,
    /// Whether it wants somebody at a terminal, or does not end by itself.
    pub(super) attended: bool,
}

/// A placeholder among words: no text that is imported has a character of the private use area left.
fn sign(at: usize) -> char {
    u32::try_from(at).ok().and_then(|at| char::from_u32(0xE000 + at % 0x1900)).unwrap_or('\u{e000}')
}

pub(super) fn run(pieces: &[Piece]) -> Run {
    let names: Vec<&String> = pieces
        .iter()
        .filter_map(|piece| match piece {
            Piece::Parameter { name, .. } => Some(name),
            Piece::Text(_) | Piece::Secret { .. } => None,
        })
        .collect();
    let mut signs = (0..).map(sign);
    let line: String = pieces
        .iter()
        .map(|piece| match piece {
            Piece::Text(text) => text.replace("\\\n", " "),
            // Only a shell knows its environment, and this sign is one for it.
            Piece::Secret { .. } => "$".to_owned(),
            Piece::Parameter { .. } => signs.next().map(String::from).unwrap_or_default(),
        })
        .collect();
    let parameters = names.iter().map(|name| (*name).clone()).collect();
    let words = (!line.contains(|c| FOR_A_SHELL.contains(c)) && names.len() < 0x1900).then(|| shlex::split(&line)).flatten();
    let words = words.filter(|words| {
        words.first().is_some_and(|first| !first.is_empty() && !first.contains('=') && !BUILT_IN.contains(&first.as_str()))
    });
    let attended = wants_somebody(&line);
    match words {
        Some(words) => {
            let looks = LOOKING.iter().any(|(program, verbs)| {
                words[0] == *program && (verbs.is_empty() || verb(&words).is_some_and(|word| verbs.contains(&word)))
            });
            let items: Vec<_> = words.iter().map(|word| item(word, &names)).collect();
            Run { expression: format!("[{}]", items.join(", ")), looks: looks && !attended, attended }
        }
        None => Run { expression: shell(pieces, &parameters), looks: false, attended },
    }
}

/// The first word behind the program that is neither an option nor the value of one.
fn verb(words: &[String]) -> Option<&str> {
    const WITH_A_VALUE: [&str; 6] = ["-n", "--namespace", "--context", "--kubeconfig", "-C", "-H"];
    let mut words = words.iter().skip(1);
    while let Some(word) = words.next() {
        if !word.starts_with('-') {
            return Some(word);
        }
        if WITH_A_VALUE.contains(&word.as_str()) {
            words.next();
        }
    }
    None
}

/// One word: texts and parameters, joined.
fn item(word: &str, names: &[&String]) -> String {
    let mut parts = Vec::new();
    let mut plain = String::new();
    for c in word.chars() {
        let at = u32::from(c).checked_sub(0xE000).and_then(|at| usize::try_from(at).ok());
        match at.and_then(|at| names.get(at)) {
            Some(name) => {
                if !plain.is_empty() {
                    parts.push(quoted(&std::mem::take(&mut plain)));
                }
                parts.push(format!("p.{name}"));
            }
            None => plain.push(c),
        }
    }
    if !plain.is_empty() || parts.is_empty() {
        parts.push(quoted(&plain));
    }
    parts.join(" + ")
}

/// A script for a shell. Values are variables in it, inside of double quotes wherever they stand: no value is ever read as a
/// part of the script.
fn shell(pieces: &[Piece], parameters: &BTreeSet<String>) -> String {
    let mut script = String::new();
    let mut quoting = Quoting::default();
    for piece in pieces {
        let reference = match piece {
            Piece::Text(text) => {
                script.push_str(text);
                text.chars().for_each(|c| quoting.read(c));
                continue;
            }
            Piece::Secret { name, .. } => format!("${{{name}:?}}"),
            Piece::Parameter { name, .. } => format!("${{{name}}}"),
        };
        script.push_str(&match quoting.within() {
            Within::Words => format!("\"{reference}\""),
            Within::Single => format!("'\"{reference}\"'"),
            // In a here-document quotes are letters like others.
            Within::Double | Within::Here { .. } | Within::Comment => reference,
        });
        quoting.value();
    }
    // When the directory is not there, what follows must not happen in another one.
    let moves = script.lines().any(|line| matches!(line.split_whitespace().next(), Some("cd" | "pushd")));
    if moves && script.contains('\n') {
        script.insert_str(0, "set -e\n");
    }
    if bash::is_wanted(&script) {
        // As `sh(…)` does it: values are arguments, which no shell reads as code.
        let names = parameters.iter().enumerate().map(|(at, name)| format!("{name}=\"${{{}}}\"; ", at + 1));
        let script = lines(&format!("{}{script}", names.collect::<String>()), 12);
        let values: String = parameters.iter().map(|name| format!(", p.{name}")).collect();
        return format!("[\"bash\", \"-c\", {script}, \"bash\"{values}]");
    }
    let values: Vec<_> = parameters.iter().map(|name| format!("{name}: p.{name}")).collect();
    let script = lines(&script, 12);
    if values.is_empty() { format!("sh({script})") } else { format!("sh({script}, #{{ {} }})", values.join(", ")) }
}

/// A text, a line of it on a line of its own while it is short enough for the depth that expressions may have.
pub(super) fn lines(text: &str, indent: usize) -> String {
    let parts: Vec<_> = text.split_inclusive('\n').map(quoted).collect();
    if parts.len() < 2 || parts.len() > 12 {
        return quoted(text);
    }
    parts.join(&format!(" +\n{}", " ".repeat(indent)))
}

fn wants_somebody(line: &str) -> bool {
    let words: Vec<&str> = line.split_whitespace().collect();
    let first = words.iter().find(|word| **word != "sudo").copied().unwrap_or_default();
    let edits =
        ["vi", "vim", "nano", "emacs", "less", "more", "top", "htop", "watch", "screen", "tmux", "mysql", "psql", "redis-cli"];
    let alone =
        ["mysql", "psql", "redis-cli"].contains(&first) && words.iter().any(|word| ["-c", "-e", "-f", "<"].contains(word));
    let is_short = |word: &str, letters: [char; 2]| word.starts_with('-') && !word.starts_with("--") && word.contains(letters);
    let takes_a_file = ["apply", "create", "delete", "replace", "build"].iter().any(|verb| words.contains(verb));
    // Options behind a pipe are those of another program.
    let mut own = words.iter().take_while(|word| !["|", "||", "&&", ";"].contains(*word));
    let follows = match first {
        "tail" | "journalctl" => own.any(|word| *word == "--follow" || is_short(word, ['f', 'F'])),
        "kubectl" | "docker" | "oc" => {
            let on = ["-f", "--follow", "-it", "-ti", "edit", "port-forward"];
            // To docker `-w` says in which directory.
            let watches = |word: &str| first != "docker" && ["-w", "--watch"].contains(&word);
            own.any(|word| on.contains(word) || watches(word)) && !takes_a_file
        }
        "ping" => !own.any(|word| is_short(word, ['c', 'w'])),
        _ => false,
    };
    (edits.contains(&first) && !alone && !(first == "redis-cli" && words.len() > 1)) || follows
}
