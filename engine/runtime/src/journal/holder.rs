//! Who works on a run.

use std::fmt;

use jiff::Timestamp;
use runbook_model::entry::{Purpose, Session};
use runbook_model::id::RunId;
use rustix::io::Errno;
use rustix::process::Pid;
use serde::{Deserialize, Serialize};

use crate::boot::boot_id;

/// A process that works on a run, as it introduces itself to the next one that comes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The login name.
    pub name: String,
    /// The host.
    pub host: String,
    /// Its process number.
    pub pid: u32,
    /// The boot in which that number means something.
    pub boot: String,
    /// When it took the run.
    pub since: Timestamp,
    /// What for.
    pub purpose: Purpose,
}

impl Holder {
    /// The process of a session.
    #[must_use]
    pub fn of(session: &Session, since: Timestamp) -> Self {
        Self {
            name: session.operator.name.clone(),
            host: session.operator.host.clone(),
            pid: session.pid,
            boot: session.boot.clone(),
            since,
            purpose: session.purpose,
        }
    }

    /// Whether no such process is there any more, as far as can be seen from here: one of another boot or machine, or of another
    /// user, may be. In a container somebody's process outside may not be seen; to take it for gone costs a wait, and no run.
    pub(super) fn is_gone(&self) -> bool {
        let gone = |pid| matches!(rustix::process::test_kill_process(pid), Err(Errno::SRCH));
        boot_id().is_ok_and(|boot| boot == self.boot) && i32::try_from(self.pid).ok().and_then(Pid::from_raw).is_some_and(gone)
    }
}

/// The run is in the hands of another process.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the run `{run}` is held by {}; two processes must not work on one run: wait for it, or end that process first", Introduced(holder.as_ref()))]
pub struct Held {
    /// The run.
    pub run: RunId,
    /// Who holds it; `None` when it has not introduced itself yet.
    pub holder: Option<Holder>,
}

struct Introduced<'a>(Option<&'a Holder>);

impl fmt::Display for Introduced<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(holder) => holder.fmt(f),
            None => f.write_str("another process, which has only just taken it"),
        }
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, host, pid, since, purpose, .. } = self;
        let verb = match purpose {
            Purpose::Exec => "exec",
            Purpose::Resume => "resume",
            Purpose::Rollback => "rollback",
            Purpose::Resolve => "resolve",
            Purpose::Answer => "answer",
            Purpose::Abandon => "abandon",
            Purpose::Review => "review",
        };
        // Names come from the system, but they are text that somebody chose: nothing in them may move the cursor.
        let (name, host) = (name.escape_debug(), host.escape_debug());
        write!(f, "`{name}` on `{host}` (`runbook {verb}`, pid {pid}) since {since:.0}")
    }
}
