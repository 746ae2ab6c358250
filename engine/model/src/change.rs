//! What a command would do to the world, fully resolved: nothing in here still depends on the script.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Value;
use crate::digest::Digest;
use crate::excerpt::Bytes;
use crate::length::Length;
use crate::manner::Manner;

/// One change of the world.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// Runs a program.
    Run(Invocation),
    /// Writes a file.
    Write(FileWrite),
    /// Puts a file back to what a [`FileWrite`] found: its automatic rollback.
    Restore(FileRestore),
    /// Sends an HTTP request.
    Http(HttpCall),
}

/// A program with its arguments. No shell reads them, unless the program is one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invocation {
    /// Program and arguments; never empty, never with NUL.
    pub argv: Vec<String>,
    /// The host that it runs on, as the user's `ssh` knows it; this machine when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<String>,
    /// Variables added to the environment that every command gets.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, String>,
    /// The working directory; when absent, the runbook repository's root, and on another host where a login begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cwd: Option<String>,
    /// What the program reads; nothing (`/dev/null`) when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stdin: Option<String>,
    /// How it is run: at which terminal, how much of its output is kept, how far a stop reaches.
    #[serde(default, skip_serializing_if = "Manner::is_usual")]
    pub manner: Manner,
}

/// A file with the content that it shall have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileWrite {
    /// The file.
    pub path: String,
    /// Its whole content.
    pub content: String,
    /// Permission bits, as in `0o640`; kept as they are when absent (0644 for a new file).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<u32>,
    /// What was there when the step was about to start; filled in before the intent is written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<FileBefore>,
}

/// What stood at a path before it was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileBefore {
    /// There was no such file.
    Absent,
    /// A regular file of this content and mode.
    Present {
        /// SHA-256 of the content.
        digest: Digest,
        /// Permission bits.
        mode: u32,
        /// The content itself.
        content: Bytes,
    },
}

/// The way back from a [`FileWrite`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRestore {
    /// The file.
    pub path: String,
    /// What was there.
    pub before: FileBefore,
    /// The digest that our write left: anything else means that somebody wrote after us, and nothing is overwritten.
    pub written: Digest,
}

/// An HTTP request that changes something.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct HttpCall {
    /// `POST`, `PUT`, `PATCH`, `DELETE`, …, in capitals.
    pub method: String,
    /// `http://` or `https://` address.
    pub url: String,
    /// Header fields.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// A body of JSON; excludes `body`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub json: Option<Value>,
    /// A body of text; excludes `json`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// Statuses that count as success; 200 to 299 when empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub expect: Vec<u16>,
    /// A file of certificates (PEM): the only authorities that count for this request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca: Option<String>,
    /// How long an answer may take; 30 s when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Length>,
}

impl Change {
    /// The change in one line, for people: shell-quoted argv, behind `on HOST:` elsewhere; `write PATH`, `POST URL`.
    #[must_use]
    pub fn line(&self) -> String {
        match self {
            Self::Run(invocation) => invocation.line(),
            Self::Write(write) => format!("write {}", quoted(&write.path)),
            Self::Restore(restore) => format!("restore {}", quoted(&restore.path)),
            Self::Http(call) => format!("{} {}", call.method, call.url),
        }
    }

    /// The host that it happens on; `None` for this machine.
    #[must_use]
    pub fn host(&self) -> Option<&str> {
        match self {
            Self::Run(invocation) => invocation.on.as_deref(),
            Self::Write(_) | Self::Restore(_) | Self::Http(_) => None,
        }
    }
}

impl Invocation {
    /// The command as one would type it into a shell there, behind `on HOST:` when that is elsewhere.
    #[must_use]
    pub fn line(&self) -> String {
        let words: Vec<_> = self.argv.iter().map(|word| quoted(word)).collect();
        let words = words.join(" ");
        match &self.on {
            Some(host) => format!("on {host}: {words}"),
            None => words,
        }
    }
}

/// Quotes a word as POSIX shells read it; words without special characters stay as they are.
#[must_use]
pub fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,^".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_can_be_typed_into_a_shell() {
        let invocation = Invocation {
            argv: ["echo", "it's", "a b", "", "$HOME", "a/b.c"].map(str::to_owned).to_vec(),
            ..Invocation::default()
        };
        assert_eq!(invocation.line(), r"echo 'it'\''s' 'a b' '' '$HOME' a/b.c");
        let change = Change::Run(Invocation { argv: vec!["id".to_owned()], on: Some("web-1".to_owned()), ..invocation });
        assert_eq!((change.line().as_str(), change.host()), ("on web-1: id", Some("web-1")));
    }
}
