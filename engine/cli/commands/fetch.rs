//! `runbook fetch`: brings a run here that another machine pushed.

use crate::anchoring::refused;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::output;
use crate::typed::RunPrefix;
use crate::workplace::Workplace;

/// Bring a run here that another machine pushed
///
/// It is checked before it is kept. Whose it is stays as it is: `runbook resume RUN` takes it, when its machine let go of it.
#[derive(Debug, clap::Args)]
pub struct Fetch {
    /// The run: its id, a unique prefix of it, or `last`
    #[arg(value_name = "RUN")]
    pub run: RunPrefix,
    /// The remote, as git takes it; otherwise `remote` of `[audit]`
    #[arg(long, value_name = "REMOTE")]
    pub from: Option<String>,
}

/// Brings it.
///
/// # Errors
/// There is no such run, the remote cannot be reached, or what it holds cannot be trusted.
pub fn run(fetch: &Fetch, workplace: &Workplace<'_>) -> Result<ExitCode, Failure> {
    let state = workplace.state()?;
    let remote = match &fetch.from {
        Some(named) => Some(workplace.remote_named(&state, named)),
        None => workplace.remote(&state, None),
    };
    let no_remote = || Failure::usage("from where?").hint("--from REMOTE, or in runbook.toml: [audit] remote = \"…\"");
    let remote = remote.ok_or_else(no_remote)?;
    workplace.begin_archive(&state)?;
    let run = remote.find(&fetch.run.0).map_err(|why| refused(&why))?;
    let new = workplace.bring(&state, run, &remote)?;
    output::to_stderr(&format!("{} run {run}\n", if new { "fetched:" } else { "nothing new of" }));
    Ok(ExitCode::Completed)
}
