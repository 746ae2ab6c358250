//! The commands in a block of shell: without prompts, and without what was printed.

use super::bash::is_compound_open;

/// A command that a person would type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Typed {
    /// Its first line in the document, from 1.
    pub(super) line: usize,
    /// The comments above it.
    pub(super) comments: Vec<String>,
    /// The command; of several lines when they belong together.
    pub(super) text: String,
    /// What it printed, where the document shows that.
    pub(super) printed: Vec<String>,
}

/// Languages of blocks that people type into a shell.
const SHELL: [&str; 9] = ["sh", "bash", "shell", "zsh", "console", "shell-session", "shellsession", "terminal", "bash-session"];

/// Blocks of these show what was printed below what was typed.
const SESSION: [&str; 5] = ["console", "shell-session", "shellsession", "terminal", "bash-session"];

/// By these a block without a language is known for one of shell.
const PROGRAMS: [&str; 62] = [
    "ansible",
    "apt",
    "apt-get",
    "aws",
    "az",
    "bin/rails",
    "bundle",
    "cat",
    "cd",
    "chmod",
    "chown",
    "consul",
    "cp",
    "curl",
    "df",
    "dig",
    "docker",
    "docker-compose",
    "du",
    "echo",
    "etcdctl",
    "export",
    "find",
    "gcloud",
    "git",
    "gitlab-ctl",
    "go",
    "grep",
    "helm",
    "ip",
    "iptables",
    "jq",
    "journalctl",
    "kill",
    "kubectl",
    "knife",
    "ls",
    "make",
    "mkdir",
    "mv",
    "mysql",
    "nomad",
    "npm",
    "oc",
    "openssl",
    "pg_ctl",
    "ping",
    "promtool",
    "ps",
    "psql",
    "redis-cli",
    "rm",
    "rsync",
    "scp",
    "service",
    "ssh",
    "sudo",
    "systemctl",
    "tail",
    "terraform",
    "vault",
    "wget",
];

/// A line that begins so makes the lines around it one script.
const ENTANGLING: [&str; 18] = [
    "if", "for", "while", "until", "case", "function", "select", "{", "(", "cd", "export", "source", ".", "set", "unset",
    "alias", "trap", "shopt",
];

/// What a person would type of a block; `None` when it is no block of shell. What only a person can tell is noted, with its line.
pub(super) fn typed(language: &str, text: &str, line: usize, notes: &mut Vec<(usize, String)>) -> Option<Vec<Typed>> {
    let lines: Vec<&str> = text.lines().collect();
    let prompted = lines.iter().any(|line| prompt(line, false).is_some());
    let is_shell = SHELL.contains(&language) || (language.is_empty() && (prompted || is_known(&lines)));
    if !is_shell {
        return None;
    }
    let root = SESSION.contains(&language) && !prompted && lines.iter().any(|line| prompt(line, true).is_some());
    if prompted || root {
        return Some(session(&lines, line, root, notes));
    }
    Some(script(&lines, line))
}

/// Whether the first command is one of a program that everybody knows.
pub(super) fn is_known(lines: &[&str]) -> bool {
    let first = lines.iter().map(|line| line.trim()).find(|line| !line.is_empty() && !line.starts_with('#'));
    first.and_then(|line| line.split_whitespace().next()).is_some_and(|word| PROGRAMS.contains(&word))
}

/// Whose prompt it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Whose {
    Root,
    Anybody,
}

/// What stands behind the prompt of a line, if it has one. `#` is the prompt of root where root types; elsewhere it begins a
/// comment.
fn prompt(line: &str, root: bool) -> Option<(Whose, &str)> {
    let line = line.trim_start();
    if let Some(rest) = line.strip_prefix("$ ").or_else(|| line.strip_prefix("$\t")) {
        return Some((Whose::Anybody, rest.trim_start()));
    }
    if let Some(rest) = bare_root(line).filter(|_| root) {
        return Some((Whose::Root, rest));
    }
    // `user@host:~$ `, `[root@host ~]# `
    let end = line.find("$ ").into_iter().chain(line.find("# ")).min()?;
    let before = &line[..end];
    let (user, host) = before.trim_start_matches('[').split_once('@')?;
    let is_name = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || "-_.".contains(c));
    let host = host.split([':', ' ', ']']).next().unwrap_or_default();
    let whose = if line[end..].starts_with('#') { Whose::Root } else { Whose::Anybody };
    (is_name(user) && is_name(host)).then(|| (whose, line[end + 2..].trim_start()))
}

fn bare_root(line: &str) -> Option<&str> {
    line.trim_start().strip_prefix("# ").map(str::trim_start)
}

/// A session: what follows a prompt was typed, everything else was printed. In one that is `rooted` root types from the beginning.
fn session(lines: &[&str], first: usize, rooted: bool, notes: &mut Vec<(usize, String)>) -> Vec<Typed> {
    let mut all: Vec<Typed> = Vec::new();
    let mut comments = Vec::new();
    let (mut open, mut root) = (false, rooted);
    for (at, line) in lines.iter().enumerate() {
        // In a here-document `#` is the beginning of a line as any other.
        let within = open && all.last().is_some_and(|last| here(&last.text).is_some());
        if let Some((whose, command)) = prompt(line, root && !within) {
            open = is_open(command);
            root = match whose {
                Whose::Root => rooted || !matches!(command, "exit" | "logout"),
                Whose::Anybody => becomes_root(command),
            };
            if root && whose == Whose::Anybody {
                let what = format!(
                    "behind `{command}` root types, and a runbook does so as whoever runs it: put `sudo` before those commands"
                );
                notes.push((first + at, what));
            }
            if !command.is_empty() {
                let (line, text) = (first + at, command.to_owned());
                all.push(Typed { line, comments: std::mem::take(&mut comments), text, printed: Vec::new() });
            }
            continue;
        }
        if let Some(told) = bare_root(line).filter(|_| !open) {
            let shown: String = told.chars().take(LONGEST_SHOWN).collect();
            let what = format!("`# {shown}` is a comment or a command of root, or was printed: it is not run");
            notes.push((first + at, what));
            if all.is_empty() {
                comments.push(told.to_owned());
                continue;
            }
        }
        match all.last_mut() {
            Some(last) if open => {
                let prompted = line.trim_start();
                let more = prompted.strip_prefix("> ").or_else(|| (prompted == ">").then_some("")).unwrap_or(line);
                last.text.push('\n');
                last.text.push_str(more);
                open = is_open(&last.text);
            }
            Some(last) if !line.trim().is_empty() => last.printed.push((*line).to_owned()),
            _ => {}
        }
    }
    all
}

/// Whether a command opens a shell in which root types: `sudo -i`, `sudo su -`, `su`.
pub(super) fn becomes_root(command: &str) -> bool {
    let mut words = command.split_whitespace().peekable();
    let program = words.next();
    if program == Some("su") {
        return words.all(|word| matches!(word, "-" | "-l" | "--login" | "root"));
    }
    if program != Some("sudo") {
        return false;
    }
    let mut asked = false;
    while let Some(option) = words.next_if(|word| word.starts_with('-')) {
        let is_short = !option.starts_with("--");
        asked |= matches!(option, "--login" | "--shell") || is_short && option.contains(['i', 's']);
        // Somebody else than root, whose prompt is no `#`.
        if (option == "--user" || is_short && option.ends_with('u')) && words.next() != Some("root") {
            return false;
        }
    }
    match words.next() {
        None => asked,
        Some("su") => words.all(|word| matches!(word, "-" | "-l" | "--login" | "root")),
        Some("bash" | "sh" | "zsh") => words.next().is_none(),
        Some(_) => false,
    }
}

/// A script: a command a line, or all of it in one when the lines need each other.
fn script(lines: &[&str], first: usize) -> Vec<Typed> {
    if is_entangled(lines) {
        let text = lines.join("\n").trim_end().to_owned();
        let text = text.trim_start_matches('\n').to_owned();
        let is_empty = text.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#'));
        let whole = Typed { line: first, comments: Vec::new(), text, printed: Vec::new() };
        return if is_empty { Vec::new() } else { vec![whole] };
    }
    let mut all: Vec<Typed> = Vec::new();
    let mut comments = Vec::new();
    let mut open = false;
    for (at, line) in lines.iter().enumerate() {
        if let Some(last) = all.last_mut().filter(|_| open) {
            last.text.push('\n');
            last.text.push_str(line);
            open = is_open(&last.text);
            continue;
        }
        let trimmed = line.trim();
        if let Some(comment) = trimmed.strip_prefix('#') {
            comments.push(comment.trim_start_matches('#').trim().to_owned());
        } else if !trimmed.is_empty() {
            let comments = std::mem::take(&mut comments);
            all.push(Typed { line: first + at, comments, text: trimmed.to_owned(), printed: Vec::new() });
            open = is_open(trimmed);
        }
    }
    all
}

fn is_entangled(lines: &[&str]) -> bool {
    let mut whole = String::new();
    for line in lines {
        let word = line.split_whitespace().next().unwrap_or_default();
        let assigns = word.split_once('=').is_some_and(|(name, _)| is_identifier(name));
        let is_only = line.split_whitespace().count() == 1;
        if ENTANGLING.contains(&word) || (assigns && is_only) || line.contains("<<") || line.contains("() {") {
            return true;
        }
        whole.push_str(line);
        whole.push('\n');
    }
    // A quote that is closed on another line.
    lines.iter().any(|line| quote(line).is_some())
}

pub(super) fn is_identifier(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with(|c: char| c.is_ascii_digit())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// So many letters of a line are shown to say which one is meant.
const LONGEST_SHOWN: usize = 60;

/// A command that goes on for longer than this, in bytes, is no command but a quote that nobody closed.
pub(super) const LONGEST: usize = 16 * 1024;

/// Whether more has to follow: a backslash or an operator at the end, an open quote, a here-document that has not ended.
fn is_open(text: &str) -> bool {
    if text.len() > LONGEST {
        return false;
    }
    let backslashes = text.len() - text.trim_end_matches('\\').len();
    let operator = text.trim_end().ends_with('|') || text.trim_end().ends_with("&&");
    backslashes % 2 == 1 || operator || quote(text).is_some() || here(text).is_some() || is_compound_open(text)
}

/// The quote that is open at the end.
fn quote(text: &str) -> Option<char> {
    let mut open = None;
    let mut before = ' ';
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        let begins_a_word = std::mem::replace(&mut before, c).is_whitespace();
        match (open, c) {
            // A comment, in which an apostrophe is one.
            (None, '#') if begins_a_word => {
                before = characters.by_ref().find(|c| *c == '\n').unwrap_or(' ');
            }
            (None | Some('"'), '\\') => drop(characters.next()),
            (None, '\'' | '"') => open = Some(c),
            (Some(quote), c) if quote == c => open = None,
            _ => {}
        }
    }
    open
}

/// The word that a here-document waits for at the end of the text.
fn here(text: &str) -> Option<String> {
    let mut open: Option<String> = None;
    for line in text.lines() {
        match &open {
            Some(word) if line.trim() == word => open = None,
            Some(_) => {}
            None => {
                let Some((_, behind)) = line.split_once("<<").filter(|(_, behind)| !behind.starts_with('<')) else { continue };
                let behind = behind.trim_start_matches(['-', ' ', '"', '\'', '\\']);
                let word: String = behind.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                open = Some(word).filter(|word| !word.is_empty());
            }
        }
    }
    open
}
