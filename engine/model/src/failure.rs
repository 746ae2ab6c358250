//! Why a step failed. Reasons are data: a report, a test and a resume can act on them.

use serde::{Deserialize, Serialize};

use crate::Value;
use crate::answer::{ExitStatus, Exited, KillReceipt, Response};
use crate::length::Length;
use crate::step::Location;

/// Why a step did not succeed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum Failure {
    /// A check looked and did not see what it wanted.
    NotMet {
        /// What it saw last.
        saw: Value,
        /// What it wanted, when the step says so.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expected: Option<Value>,
    },
    /// The closure of a check failed by itself, or an observation in it did.
    LookFailed {
        /// What went wrong.
        message: String,
        /// Where in the sources.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at: Option<Location>,
    },
    /// A program ended with another code than 0, or by a signal.
    Exited(Exited),
    /// A program could not be started; nothing has changed.
    NotStarted {
        /// The program.
        program: String,
        /// Why, and what to do about it.
        message: String,
    },
    /// A program was still running at its deadline and was stopped; its effect is unknown.
    TimedOut {
        /// The deadline.
        after: Length,
        /// What was stopped and what survived.
        receipt: KillReceipt,
        /// How it ended then.
        exited: Exited,
    },
    /// The operator stopped it; its effect is unknown.
    Stopped {
        /// What was stopped and what survived.
        receipt: KillReceipt,
        /// How it ended then.
        exited: Exited,
    },
    /// A file could not be written or put back.
    File {
        /// The file.
        path: String,
        /// Why.
        message: String,
    },
    /// A server answered with a status that does not count as success.
    Response(Response),
    /// No answer came from a server.
    NoResponse {
        /// The address.
        url: String,
        /// Why.
        message: String,
        /// Whether the request may have arrived.
        maybe_sent: bool,
    },
    /// A person said no.
    Declined {
        /// Who.
        by: String,
    },
    /// Nobody answered in time.
    Unanswered {
        /// How long they had.
        deadline: Length,
    },
}

impl Failure {
    /// The reason in one line, for people.
    #[must_use]
    pub fn line(&self) -> String {
        match self {
            Self::NotMet { saw, expected: Some(expected) } => format!("saw {saw}, expected {expected}"),
            Self::NotMet { saw: Value::Bool(false) | Value::Null, .. } => "not met".to_owned(),
            Self::NotMet { saw, .. } => format!("not met: saw {saw}"),
            Self::LookFailed { message, .. } => message.clone(),
            Self::Exited(exited) => match exited.status {
                ExitStatus::Code(code) => format!("exit code {code}"),
                ExitStatus::Signal(signal) => format!("killed by {}", signal_name(signal)),
            },
            Self::NotStarted { program, message } => format!("`{program}` was not started: {message}"),
            Self::TimedOut { after, receipt, .. } => format!("stopped after {after}{}", survivors(receipt)),
            Self::Stopped { receipt, .. } => format!("stopped by the operator{}", survivors(receipt)),
            Self::File { path, message } => format!("`{path}`: {message}"),
            Self::Response(response) => format!("the server answered {}", response.status),
            Self::NoResponse { url, message, .. } => format!("no answer from {url}: {message}"),
            Self::Declined { by } => format!("declined by {by}"),
            Self::Unanswered { deadline } => format!("nobody answered within {deadline}"),
        }
    }

    /// Whether the change may have happened in part or in whole although the step failed.
    ///
    /// A program that was stopped or killed by a signal, and a request whose answer was lost on the way, leave that open.
    #[must_use]
    pub fn effect_is_open(&self) -> bool {
        match self {
            Self::TimedOut { .. } | Self::Stopped { .. } => true,
            Self::Exited(exited) => matches!(exited.status, ExitStatus::Signal(_)),
            Self::NoResponse { maybe_sent, .. } => *maybe_sent,
            // A gateway says so of itself: whether the server behind it got the request, and what it made of it, is not known.
            Self::Response(response) => matches!(response.status, 502 | 504),
            _ => false,
        }
    }
}

fn survivors(receipt: &KillReceipt) -> String {
    match receipt.survived.len() {
        0 => String::new(),
        1 => ", 1 process survived".to_owned(),
        n => format!(", {n} processes survived"),
    }
}

/// `SIGKILL (9)`: the name and number of a signal of Linux.
#[must_use]
pub fn signal_name(signal: i32) -> String {
    const NAMES: [&str; 31] = [
        "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM", "TERM",
        "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR",
        "SYS",
    ];
    match usize::try_from(signal - 1).ok().and_then(|at| NAMES.get(at)) {
        Some(name) => format!("SIG{name} ({signal})"),
        None => format!("signal {signal}"),
    }
}
