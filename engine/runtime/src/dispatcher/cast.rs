//! Who performs the script of a session.

use std::collections::BTreeMap;

use runbook_model::entry::{Mode, RunStarted};
use tokio::sync::mpsc::UnboundedReceiver;

use crate::line::{Call, Line};
use crate::script::{Actor, Program};

/// An actor, and what it asks for.
pub(super) struct Cast {
    pub(super) actor: Actor,
    pub(super) calls: UnboundedReceiver<Call>,
}

impl Cast {
    /// Hired before it has anything to do: it makes ready, which takes about a millisecond, while the session writes down
    /// that it begins, and waits for the disk.
    pub(super) fn of(program: &Program, started: &RunStarted) -> Self {
        let (line, calls) = Line::new();
        Self { actor: cast(program, started, line.quick(started.mode == Mode::Rehearsal)), calls }
    }
}

/// An actor for a run that was started like this.
pub(super) fn cast(program: &Program, started: &RunStarted, line: Line) -> Actor {
    let params: BTreeMap<_, _> = started.params.iter().map(|(name, given)| (name.clone(), given.value.clone())).collect();
    program.with_hosts(&started.hosts).cast(&params, &started.settings, started.gate.as_ref(), line)
}
