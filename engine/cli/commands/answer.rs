//! `runbook answer`: answers a confirm that waits.

use runbook_model::answer::Said;

use runbook_runtime::dispatcher::Session;

use crate::commands::behalf;
use crate::commands::exec::RunPrefix;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::operator::Operator;
use crate::performance::Performance;
use crate::workplace::Workplace;

/// Answer the confirm that a run waits for
///
/// Without an answer on the command line the question is shown and asked at the terminal.
#[derive(Debug, clap::Args)]
pub struct Answer {
    /// The run, or a unique prefix of its id
    #[arg(value_name = "RUN")]
    pub run: RunPrefix,
    /// What you say.
    #[command(flatten)]
    pub said: Reply,
    /// Something to add, for the record
    #[arg(long, value_name = "TEXT")]
    pub note: Option<String>,
}

/// What you say.
#[derive(Debug, clap::Args)]
#[group(multiple = false)]
pub struct Reply {
    /// Agree
    #[arg(long)]
    pub yes: bool,
    /// Decline
    #[arg(long)]
    pub no: bool,
    /// One of the choices
    #[arg(long, value_name = "CHOICE")]
    pub choose: Option<String>,
    /// The line of text that is asked for
    #[arg(long, value_name = "TEXT")]
    pub text: Option<String>,
}

impl Reply {
    /// The answer, if there is one on the command line.
    #[must_use]
    pub fn said(&self) -> Option<Said> {
        match self {
            Self { yes: true, .. } => Some(Said::Yes),
            Self { no: true, .. } => Some(Said::No),
            Self { choose: Some(choice), .. } => Some(Said::Chose(choice.clone())),
            Self { text: Some(text), .. } => Some(Said::Entered(text.clone())),
            Self { .. } => None,
        }
    }
}

/// Answers.
///
/// # Errors
/// Nothing waits for an answer, or not for this one, or not from this person.
pub fn run(answer: &Answer, workplace: &Workplace<'_>) -> Result<ExitCode, Failure> {
    let said = answer
        .said
        .said()
        .ok_or_else(|| Failure::usage("what is the answer?").hint("`--yes`, `--no`, `--choose CHOICE` or `--text TEXT`"))?;
    let state = workplace.state()?;
    let run = workplace.run(&state, &answer.run)?;
    let performance = Performance::of_run(workplace, &state, run, Operator::here())?;
    let note = answer.note.clone();
    let seen = behalf::request().and_then(|request| request.shown);
    let exit = performance.perform(|opening| Session::answer(opening, said, note, seen))?;
    Ok(if matches!(exit, ExitCode::Interrupted | ExitCode::Waiting) { ExitCode::Completed } else { exit })
}
