//! `runbook rollback`: takes back what a run did.

use runbook_model::state::{RunState, Work};
use runbook_runtime::dispatcher::{Session, would_roll_back};

use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::operator::Operator;
use crate::output::{self, safe};
use crate::performance::Performance;
use crate::typed::RunPrefix;
use crate::workplace::Workplace;

/// Roll a run back, newest step first
///
/// Works on any earlier run, also on a completed one, over what it really did. Rolling back twice does nothing twice.
#[derive(Debug, clap::Args)]
pub struct Rollback {
    /// The run, or a unique prefix of its id
    #[arg(value_name = "RUN")]
    pub run: RunPrefix,
    /// Show what would be rolled back, and change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Why, for the record
    #[arg(long, value_name = "TEXT")]
    pub why: Option<String>,
    /// Show the output of steps that succeed, too
    #[arg(long, short)]
    pub verbose: bool,
}

/// Rolls it back, or says what that would do.
///
/// # Errors
/// The run cannot be taken; nothing was run.
pub fn run(rollback: &Rollback, workplace: &Workplace<'_>) -> Result<ExitCode, Failure> {
    let state = workplace.state()?;
    let run = workplace.run(&state, &rollback.run)?;
    let performance = Performance::of_run(workplace, &state, run, Operator::here())?;
    if rollback.dry_run {
        let (_, run) = workplace.journal(&state.run(run))?;
        output::to_stderr(&rehearsed(&run));
        return Ok(ExitCode::Completed);
    }
    let why = rollback.why.clone().unwrap_or_else(|| "`runbook rollback`".to_owned());
    let performance = Performance { verbose: rollback.verbose, ..performance };
    performance.perform(|opening| Session::roll_back(opening, why))
}

/// What a rollback would do, newest first.
fn rehearsed(state: &RunState) -> String {
    let owed = would_roll_back(state);
    let mut text = match owed.len() {
        0 => "nothing is owed: a rollback would do nothing\n".to_owned(),
        1 => "a rollback would do 1 step:\n".to_owned(),
        n => format!("a rollback would do {n} steps, newest first:\n"),
    };
    for (path, work) in owed {
        text.push_str(&format!("  ↩ {}\n", safe::line(&path.told())));
        match work {
            Work::Changes(changes) => {
                for change in changes {
                    text.push_str(&format!("      would run: {}\n", safe::line(&change.line())));
                }
            }
            Work::Block => text.push_str("      the steps of its rollback block\n"),
            Work::Stays => {}
        }
    }
    for path in runbook_model::rollback::staying(state) {
        text.push_str(&format!("  · {} stays: no rollback was declared for it\n", safe::line(&path.told())));
    }
    text
}
