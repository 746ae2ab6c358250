//! `runbook runs`: what was run.

use jiff::Timestamp;
use runbook_model::entry::{Entry, Mode, Record};
use runbook_model::id::RunId;
use runbook_model::parameter::nearest;
use runbook_model::status::RunStatus;
use serde::Serialize;

use crate::arguments::{Format, Globals};
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::history::History;
use crate::output::style::{Palette, Tone};
use crate::output::{self, safe, table};

/// The word for a run that a process should be at work on, and none is.
const DIED: &str = "died";

/// List runs, newest first
#[derive(Debug, clap::Args)]
pub struct Runs {
    /// Only those in this state, as the list names it: `completed`, `failed`, `waiting`, `in doubt`, …
    #[arg(long, value_name = "STATE")]
    pub state: Option<String>,
    /// Only those of this runbook
    #[arg(long, value_name = "NAME")]
    pub runbook: Option<String>,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub limit: usize,
}

/// A run in one line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RunLine {
    /// The version of this shape.
    pub v: u32,
    /// The run.
    pub run: RunId,
    /// Of which runbook.
    pub runbook: String,
    /// Live or rehearsal.
    pub mode: Mode,
    /// In which environment.
    pub env: Option<String>,
    /// Who started it.
    pub operator: Option<String>,
    /// When it started.
    pub started: Timestamp,
    /// When its last record was written.
    pub last: Timestamp,
    /// What it is.
    #[serde(flatten)]
    pub status: RunStatus,
    /// No process holds it although its journal says that one does.
    pub died: bool,
}

impl RunLine {
    /// Reads it from the records of a journal; `None` when the first one is not the start of a run.
    ///
    /// `held` says whether a process holds the run now.
    #[must_use]
    pub fn of(records: &[Record], held: bool) -> Option<Self> {
        let first = records.first()?;
        let Entry::RunStarted(started) = &first.entry else { return None };
        let operator = records.iter().find_map(|record| match &record.entry {
            Entry::SessionStarted(session) => Some(session.operator.name.clone()),
            _ => None,
        });
        // A session that did not end leaves the run as it was at work: the lock tells whether it still is.
        let last_session = records.iter().rev().find_map(|record| match &record.entry {
            Entry::SessionEnded { status } => Some(status.clone()),
            Entry::SessionStarted(_) => Some(RunStatus::Running),
            Entry::RollbackStarted { .. } => Some(RunStatus::RollingBack),
            _ => None,
        });
        let status = last_session.unwrap_or(RunStatus::Running);
        let died = !held && matches!(status, RunStatus::Running | RunStatus::RollingBack);
        Some(Self {
            v: 1,
            run: first.run,
            runbook: started.runbook.clone(),
            mode: started.mode,
            env: started.env.clone(),
            operator,
            started: first.at,
            last: records.last().map_or(first.at, |record| record.at),
            status,
            died,
        })
    }

    /// One or two words: those of the status, or that its process died.
    #[must_use]
    pub fn word(&self) -> &'static str {
        if self.died { DIED } else { self.status.word() }
    }
}

/// Whether a person means this state: `in-doubt` and `In doubt` are one.
fn same(given: &str, word: &str) -> bool {
    given.replace(['-', '_'], " ").eq_ignore_ascii_case(word)
}

impl Runs {
    /// # Errors
    /// The state that is asked for does not exist: an empty list would read as "no run has failed".
    fn known_state(&self) -> Result<(), Failure> {
        let known = || RunStatus::WORDS.into_iter().chain([DIED]);
        match self.state.as_deref() {
            Some(state) if !known().any(|word| same(state, word)) => {
                let near = nearest(state, known()).map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
                let all: Vec<_> = known().map(|word| format!("`{word}`")).collect();
                Err(Failure::usage(format!("no run is ever `{state}`{near}")).detail(format!("states are {}", all.join(", "))))
            }
            _ => Ok(()),
        }
    }

    /// Whether a run is asked for.
    #[must_use]
    pub fn wants(&self, line: &RunLine) -> bool {
        self.state.as_deref().is_none_or(|state| same(state, line.word()))
            && self.runbook.as_deref().is_none_or(|runbook| runbook == line.runbook)
    }
}

/// Prints the list. Runs whose journals cannot be read are named on standard error, and decide the exit code.
///
/// # Errors
/// The runs cannot be listed, or standard output cannot take the list.
pub fn run(runs: &Runs, history: Option<&History>, globals: &Globals) -> Result<ExitCode, Failure> {
    runs.known_state()?;
    let mut exit = ExitCode::Completed;
    let mut lines = Vec::new();
    if let Some(history) = history {
        for (run, line) in history.lines()? {
            match line {
                Ok(line) if runs.wants(&line) => lines.push(line),
                Ok(_) => {}
                Err(failure) => {
                    let palette = super::on_stderr(globals.color).palette;
                    output::to_stderr(&failure.clone().detail(format!("in the run {run}")).rendered(palette));
                    exit = failure.exit();
                }
            }
            if lines.len() >= runs.limit {
                break;
            }
        }
    }
    output::to_stdout(&match globals.output {
        Format::Json => json_lines(&lines),
        Format::Text => text(&lines, super::on_stdout(globals.color).palette),
    })?;
    Ok(exit)
}

/// The list for people.
#[must_use]
pub fn text(lines: &[RunLine], palette: Palette) -> String {
    if lines.is_empty() {
        return "No runs.\n".to_owned();
    }
    let rows: Vec<_> = lines
        .iter()
        .map(|line| {
            let rehearsal = if line.mode == Mode::Rehearsal && line.status.word() != "rehearsed" { " (dry run)" } else { "" };
            [
                (Tone::Plain, line.run.to_string()),
                (tone(line), format!("{}{rehearsal}", line.word())),
                (Tone::Strong, safe::line(&line.runbook)),
                (Tone::Plain, safe::line(line.env.as_deref().unwrap_or("-"))),
                (Tone::Plain, safe::line(line.operator.as_deref().unwrap_or("-"))),
                (Tone::Faint, line.started.strftime("%Y-%m-%d %H:%M:%SZ").to_string()),
            ]
        })
        .collect();
    table::columns(["RUN", "STATE", "RUNBOOK", "ENV", "BY", "STARTED"], &rows, palette)
}

/// The list for programs: one JSON object a line.
#[must_use]
pub fn json_lines(lines: &[RunLine]) -> String {
    lines.iter().filter_map(|line| serde_json::to_string(line).ok()).map(|line| line + "\n").collect()
}

fn tone(line: &RunLine) -> Tone {
    match line.status {
        _ if line.died => Tone::Bad,
        RunStatus::Completed => Tone::Good,
        RunStatus::RolledBack | RunStatus::RollingBack => Tone::Back,
        RunStatus::Failed { .. } | RunStatus::Stuck { .. } | RunStatus::Mismatch { .. } => Tone::Bad,
        RunStatus::Rehearsed { .. } => Tone::Withheld,
        RunStatus::Abandoned { .. } => Tone::Faint,
        _ => Tone::Warn,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::reporters::example::Example;

    #[test]
    fn a_run_whose_process_died_is_told_apart_from_one_at_work() {
        let mut example = Example::live();
        let records = example.opening();
        assert_eq!(RunLine::of(&records, true).unwrap().word(), "running");
        assert_eq!(RunLine::of(&records, false).unwrap().word(), "died");
        assert_eq!(RunLine::of(&records[1..], true), None);
    }

    #[test]
    fn the_last_session_says_what_a_run_is_and_filters_find_it() {
        let mut example = Example::live();
        let mut records = example.opening();
        records.push(example.record(Entry::SessionEnded { status: RunStatus::RolledBack }));
        let line = RunLine::of(&records, false).unwrap();
        let all = Runs { state: None, runbook: None, limit: 20 };
        let back = Runs { state: Some("rolled-back".to_owned()), ..all };
        assert!(back.wants(&line));
        assert!(!Runs { runbook: Some("other".to_owned()), ..back }.wants(&line));
        let shown = text(std::slice::from_ref(&line), Palette::plain());
        assert!(shown.contains("rolled back  rollback-api  production  alice  2026-11-21 03:00:00Z"), "{shown}");
        assert!(json_lines(&[line]).contains(r#""status":"rolled_back""#));
    }

    #[test]
    fn a_state_that_does_not_exist_is_refused_and_not_answered_with_an_empty_list() {
        let asked = |state: &str| Runs { state: Some(state.to_owned()), runbook: None, limit: 20 }.known_state();
        for word in RunStatus::WORDS.into_iter().chain(["died", "in-doubt", "Rolled_Back"]) {
            assert_eq!(asked(word), Ok(()));
        }
        let refused = asked("faild").unwrap_err().rendered(Palette::plain());
        assert!(
            refused.starts_with("error: no run is ever `faild`; did you mean `failed`?\nstates are `running`, "),
            "{refused}"
        );
    }
}
