//! Brings the audit trail up to journals that no process works on.

use runbook_model::state::RunState;
use runbook_runtime::audit::{Archive, Journal, Seal, SourceText};
use runbook_runtime::journal::{RunDir, StateDir};

use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::operator::Operator;
use crate::workplace::Workplace;

/// The audit trail, without a thread for it.
///
/// # Errors
/// It cannot be used.
pub fn archive(workplace: &Workplace<'_>, state: &StateDir, env: Option<&str>) -> Result<Archive, Failure> {
    let signing = workplace.signing(env)?;
    workplace.archive(state, &Operator::here(), None, &signing, None)?.stop().map_err(|stopped| unsealed(stopped.to_string()))
}

/// Brings the trail up to one journal; false when nothing was missing.
///
/// # Errors
/// The run cannot be sealed, and why.
pub fn catch_up(workplace: &Workplace<'_>, state: &StateDir, dir: &RunDir) -> Result<bool, Failure> {
    // A run that a process holds seals itself.
    if matches!(dir.held(), Ok(Some(_))) {
        return Ok(false);
    }
    let Some((reading, folded)) = workplace.begun(dir)? else { return Ok(false) };
    let archive = archive(workplace, state, folded.started().env.as_deref())?;
    let task = Seal {
        run: dir.run(),
        journal: Journal::File { path: dir.journal(), length: reading.extent().bytes },
        sources: texts(dir, &folded)?,
        at: jiff::Timestamp::now(),
        reason: "`runbook seal`".to_owned(),
    };
    // One that died between its first record and its first session has none, and no end either.
    let has_ended = folded.session().is_none() && folded.session_operator().is_some();
    let done = if has_ended { archive.conclude(&task) } else { archive.seal(&task) };
    Ok(done.map_err(|error| unsealed(format!("run {}: {error}", dir.run())))?.new)
}

fn unsealed(why: String) -> Failure {
    Failure::new(ExitCode::Unsealed, why)
}

fn texts(dir: &RunDir, state: &RunState) -> Result<Vec<SourceText>, Failure> {
    let text = |source: &runbook_model::entry::Source| {
        let text = dir.pinned(source).map_err(|error| Failure::new(ExitCode::Damaged, error.to_string()))?;
        Ok(SourceText { name: source.name.clone(), text })
    };
    state.sources().iter().map(text).collect()
}
