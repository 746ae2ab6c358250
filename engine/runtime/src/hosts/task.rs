//! What a courier is told, and what it tells.

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use runbook_model::answer::{ExitStatus, KillReceipt, Process};
use runbook_model::change::Invocation;
use runbook_model::length::Length;
use serde::{Deserialize, Serialize};

use super::Link;

/// What a courier is told, on its standard input: arguments would show secrets to everybody on this machine.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Task {
    /// How the host is reached.
    pub link: Link,
    /// The run.
    pub run: String,
    /// The attempt, within its run: letters and digits.
    pub key: String,
    /// What is to be done.
    pub work: Work,
    /// Attempts of this run whose ends are in the journal: the host may forget them.
    #[serde(default)]
    pub forget: Vec<String>,
    /// How long a command has on the host between SIGTERM and SIGKILL.
    pub grace: Length,
    /// How long a host that cannot be reached any more is asked again.
    pub reconnect: Length,
    /// The file for the verdict.
    pub verdict: PathBuf,
}

/// What a courier does.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Work {
    /// Runs a command.
    Run {
        /// The command.
        invocation: Box<Invocation>,
        /// It only looks: the host keeps nothing of it behind its end.
        only_looks: bool,
    },
    /// Finds out what became of a command that was to be run, and makes certain that it is not begun from now on if it was
    /// not before.
    Ask,
}

/// What came of a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The command ended.
    Ended {
        /// How.
        status: ExitStatus,
        /// What was stopped and what survived, when we stopped it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        receipt: Option<KillReceipt>,
        /// Processes of the host that it started and that live on.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        left_running: Vec<Process>,
    },
    /// It is certain that the command was not started, and will not be.
    NotStarted {
        /// Why, with the way out.
        message: String,
    },
    /// How it ended, or will end, cannot be known.
    Lost {
        /// What is known.
        known: String,
    },
}

impl Verdict {
    /// Writes it down, whole or not at all.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(super) fn write(&self, path: &Path) -> io::Result<()> {
        let beside = path.with_extension("new");
        let mut file = fs::File::options().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
        file.write_all(&serde_json::to_vec(self)?)?;
        fs::rename(&beside, path)
    }

    /// Reads what a courier wrote; `None` when it wrote nothing.
    #[must_use]
    pub fn read(path: &Path) -> Option<Self> {
        serde_json::from_slice(&fs::read(path).ok()?).ok()
    }
}
