//! The shells: the script that each one loads, what it asks, and how it is answered.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use clap::{Parser, ValueEnum};
use serde_json::json;

use super::words::{dequoted, quoted, split};
use super::{Answer, Kind, Offer, answer};

/// Whoever pressed a key waits; a runbook that never comes to its declaration must not hold their shell.
const PATIENCE: Duration = Duration::from_secs(1);

/// A shell that can ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Shell {
    /// bash 4.4 or later
    Bash,
    /// zsh
    Zsh,
    /// fish
    Fish,
    /// PowerShell
    #[value(name = "powershell", alias = "pwsh")]
    PowerShell,
    /// Nushell
    #[value(name = "nushell", alias = "nu")]
    Nushell,
}

impl Shell {
    /// What the shell loads so that it asks.
    #[must_use]
    pub fn script(self) -> &'static str {
        match self {
            Self::Bash => include_str!("shells/runbook.bash"),
            Self::Zsh => include_str!("shells/_runbook.zsh"),
            Self::Fish => include_str!("shells/runbook.fish"),
            Self::PowerShell => include_str!("shells/runbook.ps1"),
            Self::Nushell => include_str!("shells/runbook.nu"),
        }
    }
}

/// What a shell asks.
#[derive(Debug, Clone, Parser)]
#[command(name = "complete", disable_help_flag = true)]
pub struct Asked {
    /// Which shell.
    pub shell: Shell,
    /// What is typed of the last word; of bash, what it will replace.
    #[arg(long, default_value = "")]
    pub word: String,
    /// The whole line up to the cursor, in place of the words: bash cuts words at `=` and `:`, too.
    #[arg(long)]
    pub line: Option<String>,
    /// The offers are going to be shown and not typed.
    #[arg(long)]
    pub listing: bool,
    /// The words before, without the name of the program.
    #[arg(last = true)]
    pub words: Vec<String>,
}

impl Asked {
    /// What the shell is to be told; nothing when that takes too long.
    #[must_use]
    pub fn told(self) -> String {
        let (send, receive) = mpsc::channel();
        let looking = thread::Builder::new().spawn(move || send.send(self.looked_up()).is_ok());
        // A thread that still looks ends with the process.
        looking.ok().and_then(|_| receive.recv_timeout(PATIENCE).ok()).unwrap_or_default()
    }

    fn looked_up(self) -> String {
        match (self.shell, &self.line) {
            (Shell::Bash, Some(line)) => {
                let (before, raw) = split(line);
                let (typed, _) = dequoted(&raw);
                bash(&answer(before.get(1..).unwrap_or_default(), &typed), &raw, &self.word, self.listing)
            }
            (shell, _) => {
                // zsh and PowerShell give the word as the program would get it; to fish and Nushell it is text with quotes.
                let typed = match shell {
                    Shell::Fish | Shell::Nushell => dequoted(&self.word).0,
                    _ => self.word,
                };
                let answer = answer(&self.words, &typed);
                match shell {
                    Shell::Nushell => nushell(&answer),
                    Shell::PowerShell => tabbed(&answer, powershell),
                    _ => tabbed(&answer, str::to_owned),
                }
            }
        }
    }
}

/// The kind on the first line, then an offer a line, with what it is behind a tab.
fn tabbed(answer: &Answer, value: impl Fn(&str) -> String) -> String {
    let line = |offer: &Offer| format!("{}\t{}\n", value(&offer.value), offer.shown());
    format!("{}\n{}", answer.kind.word(), answer.offers.iter().map(line).collect::<String>())
}

/// The same for bash, which puts an offer on the line as it is: each one is quoted, and begins where `word` begins in the
/// word that was typed.
fn bash(answer: &Answer, raw: &str, word: &str, listing: bool) -> String {
    let kept = raw.strip_suffix(word).unwrap_or_default();
    let ((kept, _), (_, open)) = (dequoted(kept), dequoted(raw));
    let line = |offer: &Offer| {
        let value = offer.value.get(kept.len()..)?;
        Some(match (listing, offer.shown()) {
            (true, about) if !about.is_empty() => format!("{value}  ({about})\n"),
            (true, _) => format!("{value}\n"),
            (false, _) => format!("{}\n", quoted(value, open)),
        })
    };
    format!("{}\n{}", answer.kind.word(), answer.offers.iter().filter_map(line).collect::<String>())
}

/// A word as PowerShell takes it from the line.
fn powershell(value: &str) -> String {
    if value.chars().all(|letter| letter.is_alphanumeric() || "_-./:=+".contains(letter)) {
        return value.to_owned();
    }
    // The curly ones end such a text, too.
    let doubled: String = value.chars().flat_map(|it| [Some(it), "'‘’‚‛".contains(it).then_some(it)]).flatten().collect();
    format!("'{doubled}'")
}

/// What Nushell reads as JSON: `null` has it complete files.
fn nushell(answer: &Answer) -> String {
    if matches!(answer.kind, Kind::Files | Kind::Directories) {
        return "null\n".to_owned();
    }
    let plain = |value: &str| value.chars().all(|letter| letter.is_alphanumeric() || "_-./:=+".contains(letter));
    // Between double quotes Nushell reads what JSON writes, and replaces nothing.
    let word = |value: &str| if plain(value) { value.to_owned() } else { json!(value).to_string() };
    let offers: Vec<_> = answer.offers.iter().map(|it| json!({ "value": word(&it.value), "description": it.shown() })).collect();
    format!("{}\n", json!(offers))
}
