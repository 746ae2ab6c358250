//! `runbook resume`: goes on with a run.

use runbook_runtime::dispatcher::Session;

use crate::commands::exec::{RunPrefix, protected};
use crate::configuration::Environment;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::operator::Operator;
use crate::output;
use crate::performance::Performance;
use crate::workplace::Workplace;

/// Go on with a run that stopped, behind its last finished step
///
/// Finished steps are not done again: their recorded results are used. A step that was in flight is found out about, and
/// never guessed at.
#[derive(Debug, clap::Args)]
pub struct Resume {
    /// The run, or a unique prefix of its id; otherwise the newest one that is not finished
    #[arg(value_name = "RUN")]
    pub run: Option<RunPrefix>,
    /// Go on with the runbook as it is now, although it was edited since the run started
    #[arg(long)]
    pub adopt: bool,
    /// Answer every yes-or-no confirm with yes
    #[arg(long)]
    pub yes: bool,
    /// Show the output of steps that succeed, too
    #[arg(long, short)]
    pub verbose: bool,
}

/// Goes on with it.
///
/// # Errors
/// There is nothing to go on with, the run cannot be taken, or `--yes` does not count in its environment; nothing was run.
pub fn run(resume: &Resume, workplace: &Workplace<'_>) -> Result<ExitCode, Failure> {
    let state = workplace.state()?;
    let run = match &resume.run {
        Some(prefix) => workplace.run(&state, prefix)?,
        None => workplace.unfinished(&state)?,
    };
    let performance = Performance::of_run(workplace, &state, run, Operator::here())?;
    if resume.yes
        && let Some(env) = performance.env()
        && workplace.place.configuration.environments.get(&env).is_some_and(Environment::is_protected)
    {
        return Err(protected(&env));
    }
    let performance = Performance { yes: resume.yes, verbose: resume.verbose, ..performance };
    let edited = if resume.adopt { Some(workplace.program(&performance.entry())?.1) } else { None };
    let edit = edited.as_ref().map(|edited| performance.edit(edited)).transpose()?.unwrap_or_default();
    let performance = Performance { edit, ..performance };
    if edited.is_none() && has_changed(&performance, workplace) {
        output::to_stderr(
            "notice: the runbook has changed since; this goes on with the source that the run has pinned (`--adopt` takes the edited one)\n",
        );
    }
    performance.perform(|opening| async move { Session::resume(opening, edited.as_ref()).await })
}

/// Whether the runbook on disk is another one now. One that cannot be read is none to go on with, and no news.
fn has_changed(performance: &Performance<'_>, workplace: &Workplace<'_>) -> bool {
    let on_disk = workplace.program(&performance.entry()).ok();
    on_disk.is_some_and(|(_, program, _)| performance.edit(&program).is_ok_and(|edit| !edit.is_empty()))
}
