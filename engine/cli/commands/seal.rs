//! `runbook seal`: brings the audit trail up to the journals.

use runbook_model::state::RunState;
use runbook_runtime::audit::{Journal, Seal as Sealing, SourceText};
use runbook_runtime::journal::RunDir;

use crate::commands::exec::RunPrefix;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::operator::Operator;
use crate::output;
use crate::workplace::Workplace;

/// Bring the audit trail up to date with the journals
#[derive(Debug, clap::Args)]
pub struct Seal {
    /// One run, or a unique prefix of its id; otherwise every run that the trail lags behind
    #[arg(value_name = "RUN")]
    pub run: Option<RunPrefix>,
}

/// Seals what the trail lags behind with.
///
/// # Errors
/// A run cannot be sealed, and why.
pub fn run(seal: &Seal, workplace: &Workplace<'_>) -> Result<ExitCode, Failure> {
    let state = workplace.state()?;
    let runs = match &seal.run {
        Some(prefix) => vec![workplace.run(&state, prefix)?],
        None => state.runs().map_err(|error| Failure::usage(error.to_string()))?,
    };
    let unsealed = |why: String| Failure::new(ExitCode::Unsealed, why);
    let archivist = workplace.archive(&state, &Operator::here(), None)?;
    let archive = archivist.stop().map_err(|stopped| unsealed(stopped.to_string()))?;
    let mut sealed = 0;
    for run in runs {
        let dir = state.run(run);
        // A run that a process holds seals itself.
        if matches!(dir.held(), Ok(Some(_))) {
            continue;
        }
        let (reading, folded) = workplace.journal(&dir)?;
        let task = Sealing {
            run,
            journal: Journal::File { path: dir.journal(), length: reading.extent().bytes },
            sources: texts(&dir, &folded)?,
            at: jiff::Timestamp::now(),
            reason: "`runbook seal`".to_owned(),
        };
        let done = if folded.session().is_none() { archive.conclude(&task) } else { archive.seal(&task) };
        sealed += usize::from(done.map_err(|error| unsealed(format!("run {run}: {error}")))?.new);
    }
    output::to_stderr(&format!("sealed: {sealed}\n"));
    Ok(ExitCode::Completed)
}

fn texts(dir: &RunDir, state: &RunState) -> Result<Vec<SourceText>, Failure> {
    let text = |source: &runbook_model::entry::Source| {
        let text = dir.pinned(source).map_err(|error| Failure::new(ExitCode::Damaged, error.to_string()))?;
        Ok(SourceText { name: source.name.clone(), text })
    };
    state.sources().iter().map(text).collect()
}
