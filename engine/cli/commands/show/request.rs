//! What is to be shown.

use clap::ValueEnum;
use runbook_model::account::Account;
use runbook_runtime::journal::ReadError;

use super::standing::{Seen, standing};
use super::{follow, runbook, step};
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::globals::Globals;
use crate::history::History;
use crate::output;
use crate::output::Format;
use crate::output::reporters::{self, Telling};
use crate::output::screen::on_stdout;
use crate::place::Place;

/// Show a runbook with its parameters and steps, or replay a run
///
/// The steps of a runbook are shown as they are written: both sides of a decision, a loop once. Nothing is run.
/// Of a run that has not ended it says who works on it, or that its process died, what was in flight, and what to type next.
/// Nothing is locked or written.
#[derive(Debug, clap::Args)]
pub struct Show {
    /// The name of a runbook, or a run by a unique prefix of its id, or as `last`
    #[arg(value_name = "NAME|RUN")]
    pub subject: String,
    /// One step of the run in full: its path, its name, or the number of one of its records
    #[arg(value_name = "STEP")]
    pub step: Option<String>,
    /// Show the output of steps that succeeded, too (runs only)
    #[arg(long, short)]
    pub verbose: bool,
    /// Go on with what happens, until the process that works on the run lets go of it (runs only)
    #[arg(long, short, conflicts_with = "step")]
    pub follow: bool,
    /// As what a runbook is shown: `text`, `md` for a wiki, `html` for people (one file, no scripts), `mermaid` for a diagram
    /// of its steps (runbooks only; a run has `runbook report`)
    #[arg(long, value_name = "FORMAT", conflicts_with_all = ["step", "follow", "verbose"])]
    pub format: Option<As>,
}

/// As what a runbook is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum As {
    /// For a terminal.
    Text,
    /// Markdown.
    Md,
    /// One HTML file.
    Html,
    /// A flowchart in Mermaid.
    Mermaid,
}

/// Prints the page of a runbook, or tells a run again. A runbook is looked for first: run ids are never names of one.
///
/// # Errors
/// There is neither, the runbook has mistakes, or the journal is damaged.
pub fn run(show: &Show, place: &Place, history: Option<&History>, globals: &Globals) -> Result<ExitCode, Failure> {
    let library = place.library();
    let no_runbook = match library.find(&show.subject) {
        Ok(_) if show.step.is_some() || show.follow => {
            return Err(Failure::usage(format!("`{}` is a runbook; only a run has steps to show or to follow", show.subject)));
        }
        Ok(title) => {
            runbook::run(&title, &library, show.format, place, history, globals)?;
            return Ok(ExitCode::Completed);
        }
        Err(failure) => failure,
    };
    let Some(history) = history else { return Err(no_runbook) };
    let is_id = show.subject.len() <= 26 && show.subject.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let run = match history.find(&show.subject) {
        Ok(run) => run,
        Err(no_run) => return Err(if is_id && show.subject.starts_with(['0', '1']) { no_run } else { no_runbook }),
    };
    if show.format.is_some() {
        let report = globals.typed(&format!("report {run}"));
        return Err(Failure::usage(format!("`{}` is a run; `--format` is for runbooks", show.subject)).hint(report));
    }
    if show.follow {
        return follow::run(history, run, show.verbose, globals);
    }
    // Before the journal is read: what is written in between is then shown and not taken for a death.
    let held = history.held(run);
    let (reading, damaged) = history.read(run)?;
    let account = Account::of(&reading.records);
    if let (Some(text), Some(account)) = (&show.step, &account) {
        step::run(account, text, &history.dir(run), globals)?;
    } else {
        let now = Some(jiff::Timestamp::now());
        let telling = Telling { verbose: show.verbose, flags: globals.flags(), now, ..Telling::default() };
        let telling = telling.again(&reading.records);
        let (mut reporter, unwritten) = reporters::afterwards(globals.output, on_stdout(globals.color), telling);
        reporters::retell(&reading.records, &mut *reporter);
        drop(reporter);
        output::written(unwritten.take())?;
        if let (Format::Text, Some(account)) = (globals.output, &account) {
            let seen = Seen { held: held.as_ref(), damaged: damaged.is_some(), torn: reading.cut_tail.is_some() };
            output::to_stdout(&standing(account, &seen, globals, on_stdout(globals.color)))?;
        }
    }
    match damaged {
        Some(damaged) => Err(ReadError::Damaged(damaged).into()),
        None => Ok(ExitCode::Completed),
    }
}
