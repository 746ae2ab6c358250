//! What a step gives back to the script.

use serde::{Deserialize, Serialize};

use crate::Value;
use crate::excerpt::{Bytes, Excerpt};

/// The result of a step that did what it should.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// Nothing to tell: a registered rollback, a skipped step, a missed advisory check.
    Nothing,
    /// What a check saw.
    Value(Value),
    /// How a program ended.
    Exited(Exited),
    /// A file was written or put back.
    Written,
    /// What a server answered.
    Response(Response),
    /// What a person said.
    Said(Said),
}

/// How a program ended, and what it printed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exited {
    /// Its exit code or the signal that killed it.
    pub status: ExitStatus,
    /// Standard output.
    #[serde(default)]
    pub stdout: Excerpt,
    /// Standard error.
    #[serde(default)]
    pub stderr: Excerpt,
    /// From start to end, in milliseconds.
    #[serde(default)]
    pub millis: u64,
    /// Processes that it started and left running: `name (pid)`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_running: Vec<Process>,
    /// What it printed and no file holds, because the disk did not take it. Empty when the excerpts above are the whole output.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unkept: Vec<Unkept>,
}

/// Output that was to be kept in a file and is not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unkept {
    /// Of which stream.
    pub of: Stream,
    /// How much is missing there, in bytes.
    pub bytes: u64,
    /// What the file system said.
    pub why: String,
}

impl Unkept {
    /// In one line, for people.
    #[must_use]
    pub fn line(&self) -> String {
        let Self { of, bytes, why } = self;
        format!("{bytes} bytes of {of} could not be kept in a file: {why}")
    }
}

/// One of the two streams that a program prints to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

impl Stream {
    /// As files and addresses have it.
    #[must_use]
    pub fn file(self) -> &'static str {
        match self {
            Self::Stdout => "stdout",
            Self::Stderr => "stderr",
        }
    }
}

impl std::fmt::Display for Stream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Stdout => "standard output",
            Self::Stderr => "standard error",
        })
    }
}

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExitStatus {
    /// It ended by itself with this code.
    Code(i32),
    /// A signal killed it.
    Signal(i32),
}

impl ExitStatus {
    /// Whether it ended by itself with code 0.
    #[must_use]
    pub fn is_success(self) -> bool {
        self == Self::Code(0)
    }
}

/// A process by number and name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Process {
    /// Its number.
    pub pid: u32,
    /// The name of its program.
    pub name: String,
}

/// What was stopped, and what survived: the kill receipt.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct KillReceipt {
    /// Processes that are gone.
    pub stopped: Vec<Process>,
    /// Processes that outlived SIGKILL to the group, or had left the group.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub survived: Vec<Process>,
    /// Whether SIGTERM was not enough.
    pub killed: bool,
}

/// What an HTTP server answered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// Header fields, names in lower case.
    #[serde(default)]
    pub headers: std::collections::BTreeMap<String, String>,
    /// The body, at most [`crate::excerpt::KEPT`] bytes of it.
    #[serde(default)]
    pub body: Bytes,
    /// Whether the body was longer than that.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cut: bool,
    /// From request to the last byte, in milliseconds.
    #[serde(default)]
    pub millis: u64,
}

/// What a person said at a confirm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Said {
    /// Yes.
    Yes,
    /// No.
    No,
    /// One of the choices.
    Chose(String),
    /// A line of text.
    Entered(String),
}

impl Said {
    /// The answer in a few words, for people.
    #[must_use]
    pub fn line(&self) -> String {
        match self {
            Self::Yes => "yes".to_owned(),
            Self::No => "no".to_owned(),
            Self::Chose(text) | Self::Entered(text) => text.clone(),
        }
    }
}
