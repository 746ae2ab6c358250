//! Taking a run: its lock, its journal, its state, the locks that it needs, and the source that it is pinned to.

use std::collections::BTreeMap;

use runbook_model::entry::{Mode, Purpose};
use runbook_model::lock::Locks as Wanted;
use runbook_model::person::Person;
use runbook_model::state::RunState;

use super::Refused;
use super::locking::Locks;
use super::session::Opening;
use crate::journal::{Claim, Found, Holder, Journal, RunDir};
use crate::report::Progress;
use crate::script::{Pinned, Program};

/// Takes the run: lock, journal, state.
pub(super) fn take(opening: &mut Opening, purpose: Purpose) -> Result<(Journal, RunState), Refused> {
    let known = opening.known.take();
    let (journal, reading) = match Journal::open_known(&opening.dir, &holder(opening, purpose), known)? {
        (journal, Found::AsKnown(state)) => return Ok((journal, *state)),
        (journal, Found::New(reading)) => (journal, reading),
    };
    let state = RunState::fold(&reading.records).map_err(|illegal| Refused::Illegal { run: opening.dir.run(), illegal })?;
    state.map(|state| (journal, state)).ok_or(Refused::Empty(opening.dir.run()))
}

/// What the locks of a run are signed with.
pub(super) fn claim(opening: &Opening, runbook: &str) -> Claim {
    let Person { name, host, .. } = opening.operator.clone();
    let (run, runbook) = (opening.dir.run(), runbook.to_owned());
    Claim { run, runbook, name, host, pid: std::process::id(), since: opening.world.now(), waits_for: None }
}

/// Takes the locks of a session, before anything of it is written: a run that waits has not begun.
pub(super) async fn locks(opening: &mut Opening, runbook: &str, wanted: &Wanted) -> Result<Locks, Refused> {
    let locks = Locks::new(opening.dir.locks(), claim(opening, runbook));
    let reporters = &mut opening.reporters;
    let tell = |text: String| {
        let notice = Progress::Notice { text };
        reporters.iter_mut().for_each(|reporter| reporter.progress(&notice));
    };
    locks.take(wanted, &opening.interrupts, tell).await?;
    Ok(locks)
}

/// Who holds a run from here on.
pub(super) fn holder(opening: &Opening, purpose: Purpose) -> Holder {
    let Person { name, host, .. } = opening.operator.clone();
    Holder { name, host, pid: std::process::id(), boot: opening.boot.clone(), since: opening.world.now(), purpose }
}

/// Nothing more is done about a rehearsal, or a run that is over.
pub(super) fn refuse_final(state: &RunState, verb: &'static str) -> Result<(), Refused> {
    if state.started().mode == Mode::Rehearsal {
        return Err(Refused::Rehearsal(state.run()));
    }
    match state.over() {
        Some(status) => Err(Refused::Final { run: state.run(), status: status.clone(), verb }),
        None => Ok(()),
    }
}

/// Names and texts of the sources of a run.
pub(super) type Texts = Vec<(String, String)>;

/// The pinned sources, each checked against its digest in the journal.
pub(super) fn sources_of(dir: &RunDir, state: &RunState) -> Result<(BTreeMap<String, String>, Texts), Refused> {
    let mut texts = Vec::new();
    for source in state.sources() {
        texts.push((source.name.clone(), dir.pinned(source)?));
    }
    Ok((texts.iter().cloned().collect(), texts))
}

/// The program that a run is pinned to.
pub(super) fn pinned(dir: &RunDir, state: &RunState) -> Result<(Program, Texts), Refused> {
    let (map, texts) = sources_of(dir, state)?;
    let entry = state.sources().first().map(|source| source.name.clone()).unwrap_or_default();
    let program =
        Program::load_pinned(&Pinned(map), &entry).map_err(|diagnostics| Refused::Script { run: state.run(), diagnostics })?;
    Ok((program, texts))
}
