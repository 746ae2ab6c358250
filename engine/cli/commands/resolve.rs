//! `runbook resolve`: settles a step in doubt.

use clap::ValueEnum;
use runbook_model::entry::Verdict;

use runbook_runtime::dispatcher::Session;

use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::operator::Operator;
use crate::performance::Performance;
use crate::typed::RunPrefix;
use crate::workplace::Workplace;

/// Say whether a step in doubt took effect
///
/// A step is in doubt when its process died and nothing but a person can tell what happened. Look first, then say it.
#[derive(Debug, clap::Args)]
pub struct Resolve {
    /// The run: its id, a unique prefix of it, or `last`
    #[arg(value_name = "RUN")]
    pub run: RunPrefix,
    /// The step, as `runbook show RUN` names it
    #[arg(value_name = "STEP")]
    pub step: String,
    /// What happened
    #[arg(value_name = "VERDICT")]
    pub verdict: Effect,
    /// How you know
    #[arg(long, value_name = "TEXT", required = true)]
    pub why: String,
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Effect {
    /// It took effect: the run goes on behind it, and its rollback is owed.
    Did,
    /// It did not: the run does it (again).
    DidNot,
}

impl From<Effect> for Verdict {
    fn from(effect: Effect) -> Self {
        match effect {
            Effect::Did => Self::Did,
            Effect::DidNot => Self::DidNot,
        }
    }
}

/// Settles it.
///
/// # Errors
/// The step is not in doubt, or the run cannot be taken.
pub fn run(resolve: &Resolve, workplace: &Workplace<'_>) -> Result<ExitCode, Failure> {
    let state = workplace.state()?;
    let run = workplace.run(&state, &resolve.run)?;
    let performance = Performance::of_run(workplace, &state, run, Operator::here())?;
    let (step, verdict, why) = (resolve.step.clone(), resolve.verdict.into(), resolve.why.clone());
    let exit = performance.perform(|opening| async move { Session::resolve(opening, &step, verdict, why).await })?;
    Ok(if exit == ExitCode::Interrupted { ExitCode::Completed } else { exit })
}
