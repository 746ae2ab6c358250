//! What the keeper is asked to run, and what it says about the end.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use runbook_model::answer::{Exited, KillReceipt};
use runbook_model::length::Length;
use runbook_model::manner::Manner;
use serde::{Deserialize, Serialize};
use zeroize::Zeroize as _;

use super::door::KeeperFault;
use super::unwritten::Unwritten;
use crate::secret::Redacted;

/// The one variable that the keeper adds to a command's environment: `<run>/<key>`, or `<run>/ahead-<number>` when it was
/// started ahead of its command.
///
/// The children of the command inherit it, so what a command left behind can be told from what another one did.
pub const MARKER: &str = "RUNBOOK_ATTEMPT";

/// A command, with nothing left to be looked up.
#[derive(Clone, Serialize, Deserialize)]
pub struct Job {
    /// The absolute path of the program, then its arguments.
    pub argv: Vec<String>,
    /// Its whole environment, but for [`MARKER`].
    pub env: BTreeMap<String, String>,
    /// Its working directory, absolute.
    pub cwd: PathBuf,
    /// What it reads; `/dev/null` when absent.
    pub stdin: Option<String>,
    /// How long it has between SIGTERM and SIGKILL when it is stopped.
    pub grace: Length,
    /// At which terminal it runs, how much of its output is kept, how far a stop reaches.
    #[serde(default)]
    pub manner: Manner,
    /// The size of its terminal, if it has one.
    #[serde(default)]
    pub window: Window,
    /// Variables of its environment that name a file with this content: a descriptor that it inherits.
    #[serde(default)]
    pub env_files: BTreeMap<String, String>,
    /// Values that are replaced by their marks in its output before anything keeps or shows it, in every form.
    #[serde(default)]
    pub redact: Vec<Redacted>,
    /// It only looks at the world: nothing of it comes into the ledger or on disk, its key means nothing, and
    /// [`Keeper::recover`] does not know it.
    ///
    /// [`Keeper::recover`]: super::Keeper::recover
    #[serde(default)]
    pub only_looks: bool,
    /// It only asks after what goes on elsewhere, and takes SIGTERM for the order to stop that. When nobody hears it any more
    /// it gets SIGHUP instead, and leaves.
    #[serde(default)]
    pub only_asks: bool,
    /// The beginning of the input of another such program, which is to be started ahead when this one has begun. It is given
    /// all but the last byte of that, and that byte when this one has ended. The next job that differs in nothing but the rest
    /// of its input is given to it. Wanted only of programs that do nothing with less than all of their input but what the
    /// beginning asks for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ahead: Option<String>,
}

/// The size of a terminal, in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// Lines.
    pub rows: u16,
    /// Characters in a line.
    pub columns: u16,
}

impl Default for Window {
    /// What programs take a terminal for that does not say.
    fn default() -> Self {
        Self { rows: 24, columns: 80 }
    }
}

/// What the person at the terminal of a program does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Typed {
    /// Keys were pressed: their bytes, as a terminal sends them.
    Keys(Vec<u8>),
    /// The terminal has another size.
    Resized(Window),
    /// They want it stopped.
    Enough,
}

impl Job {
    /// The usual time between SIGTERM and SIGKILL.
    #[must_use]
    pub fn usual_grace() -> Length {
        Length::from_secs(10)
    }

    /// The job that is to be started ahead, if one is: it has the beginning of its input, and nothing that is of this command
    /// alone.
    pub(super) fn next(&mut self) -> Option<Self> {
        let stdin = Some(self.ahead.take()?);
        Some(Self {
            argv: self.argv.clone(),
            env: self.env.clone(),
            cwd: self.cwd.clone(),
            stdin,
            grace: self.grace,
            manner: self.manner,
            window: self.window,
            env_files: self.env_files.clone(),
            redact: Vec::new(),
            only_looks: true,
            only_asks: false,
            ahead: None,
        })
    }
}

impl Drop for Job {
    /// Environment and input may hold secrets.
    fn drop(&mut self) {
        self.env.values_mut().chain(self.env_files.values_mut()).for_each(|value| value.zeroize());
        self.stdin.zeroize();
    }
}

impl fmt::Debug for Job {
    /// The program alone: arguments, environment and input may hold secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Job").field("program", &self.argv.first()).field("cwd", &self.cwd).finish_non_exhaustive()
    }
}

/// How a command came to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunEnd {
    /// It ended by itself, or by a signal that was not ours.
    Exited(Exited),
    /// It is certain that it was not started.
    NotStarted {
        /// Why, with the way out.
        message: String,
    },
    /// It was not started, because nothing could be written down about it: nothing failed but the disk.
    Unwritten(Unwritten),
    /// It was stopped because its time was over.
    TimedOut {
        /// What was stopped, and what survived.
        receipt: KillReceipt,
        /// How it ended, and what it printed until then.
        exited: Exited,
    },
    /// It was stopped because the operator wanted it.
    Stopped {
        /// What was stopped, and what survived.
        receipt: KillReceipt,
        /// How it ended, and what it printed until then.
        exited: Exited,
    },
    /// The keeper died while the command ran: how it ended, or will end, cannot be known.
    KeeperLost {
        /// What is known, in one sentence.
        known: String,
    },
}

impl From<KeeperFault> for RunEnd {
    /// Without a keeper nothing is started.
    fn from(fault: KeeperFault) -> Self {
        match fault.unwritten() {
            Some(unwritten) => Self::Unwritten(unwritten),
            None => Self::NotStarted { message: fault.to_string() },
        }
    }
}

/// Where the output of a command lies, redacted: all of it, or its head, a remark that says how much is missing, and its tail.
///
/// While the command runs there is only the head.
///
/// A stream to which nothing was printed has no file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputFiles {
    /// Standard output.
    pub stdout: PathBuf,
    /// Standard error.
    pub stderr: PathBuf,
}

impl OutputFiles {
    /// The files of the command `key` in the keeper directory `dir`.
    #[must_use]
    pub fn of(dir: &Path, key: u64) -> Self {
        Self { stdout: dir.join(format!("{key}.stdout")), stderr: dir.join(format!("{key}.stderr")) }
    }

    pub(super) fn both(&self) -> [&Path; 2] {
        [&self.stdout, &self.stderr]
    }
}

/// The value of [`MARKER`] for the command `key` of the run whose keeper directory is `dir`.
pub(super) fn marker(dir: &Path, key: impl fmt::Display) -> String {
    let run = dir.parent().and_then(Path::file_name).unwrap_or_default();
    format!("{}/{key}", run.to_string_lossy())
}
