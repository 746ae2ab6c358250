//! `runbook abandon`: gives a run up for good.

use runbook_model::rollback;
use runbook_model::state::RunState;
use runbook_runtime::dispatcher::Session;

use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::operator::Operator;
use crate::output::{self, safe};
use crate::performance::Performance;
use crate::typed::RunPrefix;
use crate::workplace::Workplace;

/// Give an unfinished run up for good
///
/// Nothing is done and nothing is rolled back: what the run changed stays as it is. The locks that it keeps from other runs
/// are free afterwards. It cannot be resumed any more.
#[derive(Debug, clap::Args)]
pub struct Abandon {
    /// The run: its id, a unique prefix of it, or `last`
    #[arg(value_name = "RUN")]
    pub run: RunPrefix,
    /// Why, for the record
    #[arg(long, value_name = "TEXT", required = true)]
    pub why: String,
}

/// Gives it up, and says what it leaves behind.
///
/// # Errors
/// The run is over already, or another process has it.
pub fn run(abandon: &Abandon, workplace: &Workplace<'_>) -> Result<ExitCode, Failure> {
    if abandon.why.trim().is_empty() {
        return Err(Failure::usage("a reason is wanted").hint("--why '…'"));
    }
    let state = workplace.state()?;
    let run = workplace.run(&state, &abandon.run)?;
    let dir = state.run(run);
    let performance = Performance::of_run(workplace, &state, run, Operator::here())?;
    let exit = performance.perform(|opening| Session::abandon(opening, abandon.why.clone()))?;
    if let Ok((_, state)) = workplace.journal(&dir) {
        output::to_stderr(&left_behind(&state));
    }
    Ok(exit)
}

/// What nobody rolls back any more, and what nobody knows.
fn left_behind(state: &RunState) -> String {
    let mut text = String::new();
    for path in rollback::owing(state) {
        text.push_str(&format!("stays as it is: {}\n", safe::line(&path.told())));
    }
    for step in state.doubtful() {
        text.push_str(&format!("nobody knows whether it took effect: {}\n", safe::line(&step.path.told())));
    }
    text
}
