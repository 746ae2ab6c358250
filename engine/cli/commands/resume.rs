//! `runbook resume`: goes on with a run.

use runbook_model::id::RunId;
use runbook_runtime::dispatcher::Session;
use runbook_runtime::journal::StateDir;

use crate::anchoring::refused;
use crate::commands::exec::protected;
use crate::configuration::Environment;
use crate::detaching::{detach, leave_terminal};
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::operator::Operator;
use crate::output;
use crate::output::Format;
use crate::performance::Performance;
use crate::typed::RunPrefix;
use crate::workplace::Workplace;

/// Go on with a run that stopped, behind its last finished step
///
/// Finished steps are not done again: their recorded results are used. A step that was in flight is found out about, and
/// never guessed at.
#[derive(Debug, clap::Args)]
pub struct Resume {
    /// The run: its id, a unique prefix of it, or `last`; otherwise the newest one, unless it has ended
    #[arg(value_name = "RUN")]
    pub run: Option<RunPrefix>,
    /// Go on with the runbook as it is now, although it was edited since the run started
    #[arg(long)]
    pub adopt: bool,
    /// Bring the run from this remote first (as git takes it), where another machine pushed it
    #[arg(long, value_name = "REMOTE")]
    pub from: Option<String>,
    /// Take the run from the machine that has it, and record how you know that it is dead
    #[arg(long, value_name = "HOW")]
    pub take_over: Option<String>,
    /// Answer every yes-or-no confirm with yes
    #[arg(long)]
    pub yes: bool,
    /// Go on with it and leave: the run goes on without this terminal, and waits where a person is asked (`runbook answer`)
    #[arg(long, conflicts_with = "verbose")]
    pub detach: bool,
    /// Go on as the process that `--detach` has started
    #[arg(long, hide = true)]
    pub detached: bool,
    /// Show the output of steps that succeed, too
    #[arg(long, short)]
    pub verbose: bool,
}

/// Goes on with it.
///
/// # Errors
/// There is nothing to go on with, the run cannot be taken, or `--yes` does not count in its environment; nothing was run.
pub fn run(resume: &Resume, workplace: &Workplace<'_>) -> Result<ExitCode, Failure> {
    if resume.detach {
        return detach(workplace.globals);
    }
    if resume.detached {
        leave_terminal();
    }
    let state = workplace.state()?;
    let run = match (&resume.from, &resume.run) {
        (Some(remote), prefix) => brought(remote, prefix.as_ref(), workplace, &state)?,
        (None, Some(prefix)) => workplace.run(&state, prefix)?,
        (None, None) => workplace.unfinished(&state)?,
    };
    let take_over = resume.take_over.as_deref();
    let performance = Performance::taking_over(workplace, &state, run, Operator::here(), take_over)?;
    if resume.yes
        && let Some(env) = performance.env()
        && workplace.place.configuration.environments.get(&env).is_some_and(Environment::is_protected)
    {
        return Err(protected(&env));
    }
    let format = if resume.detached { Format::Json } else { performance.format };
    let performance = Performance { yes: resume.yes, verbose: resume.verbose, format, ..performance };
    let edited = if resume.adopt { Some(workplace.program(&performance.entry())?.1) } else { None };
    let edit = edited.as_ref().map(|edited| performance.edit(edited)).transpose()?.unwrap_or_default();
    let performance = Performance { edit, ..performance };
    if edited.is_none() && has_changed(&performance, workplace) {
        output::to_stderr(
            "notice: the runbook has changed since; this goes on with the source that the run has pinned (`--adopt` takes the edited one)\n",
        );
    }
    performance.perform(|opening| async move { Box::pin(Session::resume(opening, edited.as_ref())).await })
}

/// Brings a run here, so that it can be gone on with.
fn brought(remote: &str, prefix: Option<&RunPrefix>, workplace: &Workplace<'_>, state: &StateDir) -> Result<RunId, Failure> {
    let prefix = prefix.ok_or_else(|| Failure::usage("which run? `--from` needs its id, or the beginning of it"))?;
    let remote = workplace.remote_named(state, remote);
    workplace.begin_archive(state)?;
    let run = remote.find(&prefix.0).map_err(|why| refused(&why))?;
    workplace.bring(state, run, &remote)?;
    Ok(run)
}

/// Whether the runbook on disk is another one now. One that cannot be read is none to go on with, and no news.
fn has_changed(performance: &Performance<'_>, workplace: &Workplace<'_>) -> bool {
    let on_disk = workplace.program(&performance.entry()).ok();
    on_disk.is_some_and(|(_, program, _)| performance.edit(&program).is_ok_and(|edit| !edit.is_empty()))
}
