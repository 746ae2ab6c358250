//! `runbook seal`: brings the audit trail up to the journals.

use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::output;
use crate::sealing::catch_up;
use crate::typed::RunPrefix;
use crate::workplace::Workplace;

/// Bring the audit trail up to date with the journals
#[derive(Debug, clap::Args)]
pub struct Seal {
    /// One run: its id, a unique prefix of it, or `last`; otherwise every run that the trail lags behind
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
    let mut sealed = 0;
    for run in runs {
        sealed += usize::from(catch_up(workplace, &state, &state.run(run))?);
    }
    output::to_stderr(&format!("sealed: {sealed}\n"));
    Ok(ExitCode::Completed)
}
