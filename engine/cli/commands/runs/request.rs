//! Which runs are asked for.

use std::num::{NonZeroUsize, ParseIntError};

use jiff::Timestamp;
use runbook_model::entry::{Entry, Mode, Record};
use runbook_model::id::RunId;
use runbook_model::parameter::nearest;
use runbook_model::status::RunStatus;

use super::{list, when};
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::globals::Globals;
use crate::history::{DAMAGED, DIED, History, RunLine, operator};
use crate::output;
use crate::output::Format;
use crate::output::screen::on_stderr;
use crate::output::screen::on_stdout;

/// List runs, newest first
///
/// Nothing is locked or written: the state directory may belong to somebody else or be mounted read-only. A run whose
/// journal is damaged is listed as such, and decides the exit code.
#[derive(Debug, Default, clap::Args)]
pub struct Runs {
    /// Only those in this state, as the list names it: `completed`, `failed`, `waiting`, `in doubt`, `died`, …
    #[arg(long, value_name = "STATE")]
    pub state: Option<String>,
    /// Only those of this runbook
    #[arg(long, value_name = "NAME")]
    pub runbook: Option<String>,
    /// Only those in this environment
    #[arg(long, value_name = "ENV")]
    pub env: Option<String>,
    /// Only those that this person started
    #[arg(long, value_name = "NAME")]
    pub by: Option<String>,
    /// Only real runs, or only rehearsals
    #[arg(long, value_name = "MODE")]
    pub mode: Option<Performed>,
    /// Only those that started at this moment or later: a day, a time (UTC unless it names a zone), or how long ago (`2h`, `7d`)
    #[arg(long, value_name = "WHEN")]
    pub since: Option<String>,
    /// Only those that started before this moment
    #[arg(long, value_name = "WHEN")]
    pub until: Option<String>,
    /// At most so many, and at least one
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = at_least_one)]
    pub limit: usize,
}

/// How a run was performed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Performed {
    /// Changes were made.
    Live,
    /// Changes were withheld and shown.
    Rehearsal,
}

/// Whether a person means this state: `in-doubt` and `In doubt` are one.
fn same(given: &str, word: &str) -> bool {
    given.replace(['-', '_'], " ").eq_ignore_ascii_case(word)
}

impl Runs {
    /// # Errors
    /// The state that is asked for does not exist: an empty list would read as "no run has failed".
    fn known_state(&self) -> Result<(), Failure> {
        let known = || RunStatus::WORDS.into_iter().chain([DIED, DAMAGED]);
        match self.state.as_deref() {
            Some(state) if !known().any(|word| same(state, word)) => {
                let near = nearest(state, known()).map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
                let all: Vec<_> = known().map(|word| format!("`{word}`")).collect();
                Err(Failure::usage(format!("no run is ever `{state}`{near}")).detail(format!("states are {}", all.join(", "))))
            }
            _ => Ok(()),
        }
    }

    /// The runs that started in the time that is asked for. Their ids say when: nothing is read.
    fn in_time(&self, mut runs: Vec<RunId>, now: Timestamp) -> Result<Vec<RunId>, Failure> {
        let moment = |name: &str, text: &Option<String>| {
            let read = text.as_deref().map(|text| when::moment(text, now)).transpose();
            read.map_err(|want| Failure::usage(format!("`--{name} {}`: {want}", text.as_deref().unwrap_or_default())))
        };
        let millis = |at: Timestamp| u64::try_from(at.as_millisecond()).unwrap_or(0);
        let since = moment("since", &self.since)?.map(millis);
        let until = moment("until", &self.until)?.map(millis);
        runs.retain(|run| {
            since.is_none_or(|since| run.unix_millis() >= since) && until.is_none_or(|until| run.unix_millis() < until)
        });
        Ok(runs)
    }

    /// Whether a run with these first records may be asked for.
    fn begun(&self, first: &[Record]) -> bool {
        let Some(Entry::RunStarted(started)) = first.first().map(|record| &record.entry) else { return true };
        let mode = match self.mode {
            Some(Performed::Live) => started.mode == Mode::Live,
            Some(Performed::Rehearsal) => started.mode == Mode::Rehearsal,
            None => true,
        };
        mode && self.runbook.as_deref().is_none_or(|runbook| runbook == started.runbook)
            && self.env.as_deref().is_none_or(|env| started.env.as_deref() == Some(env))
            && self.by.as_deref().is_none_or(|by| operator(first) == Some(by))
    }

    /// Whether a run in this state is asked for.
    fn wants(&self, line: &RunLine) -> bool {
        self.state.as_deref().is_none_or(|state| same(state, line.word()))
    }
}

/// No run at all would be told as "No runs.", which is another thing.
fn at_least_one(text: &str) -> Result<usize, ParseIntError> {
    text.parse().map(NonZeroUsize::get)
}

/// Prints the list. Runs whose journals cannot be read are named on standard error, too, and decide the exit code.
///
/// # Errors
/// The runs cannot be listed, or standard output cannot take the list.
pub fn run(runs: &Runs, history: Option<&History>, globals: &Globals) -> Result<ExitCode, Failure> {
    runs.known_state()?;
    let (lines, failures) = match history {
        Some(history) => {
            let all = runs.in_time(history.runs()?, Timestamp::now())?;
            history.lines(&all, runs.limit, |first| runs.begun(first), |line| runs.wants(line))
        }
        // A mistake in a time is one in an empty place, too.
        None => runs.in_time(Vec::new(), Timestamp::now()).map(|_| Default::default())?,
    };
    output::to_stdout(&match globals.output {
        Format::Json => list::json_lines(&lines),
        Format::Text => list::text(&lines, on_stdout(globals.color), Timestamp::now()),
    })?;
    let mut exit = ExitCode::Completed;
    for failure in &failures {
        output::to_stderr(&failure.rendered(on_stderr(globals.color).palette));
        exit = failure.exit();
    }
    Ok(exit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::reporters::example::Example;
    use crate::output::style::Palette;

    #[test]
    fn filters_find_a_run_by_its_first_records_and_by_its_state() {
        let mut example = Example::live();
        let mut records = example.opening();
        let text = |text: &str| Some(text.to_owned());
        for (runs, begun) in [
            (Runs::default(), true),
            (Runs { runbook: text("rollback-api"), env: text("production"), by: text("alice"), ..Runs::default() }, true),
            (Runs { runbook: text("other"), ..Runs::default() }, false),
            (Runs { env: text("staging"), ..Runs::default() }, false),
            (Runs { by: text("bob"), ..Runs::default() }, false),
            (Runs { mode: Some(Performed::Live), ..Runs::default() }, true),
            (Runs { mode: Some(Performed::Rehearsal), ..Runs::default() }, false),
        ] {
            assert_eq!(runs.begun(&records[..2]), begun, "{runs:?}");
        }
        records.push(example.record(Entry::SessionEnded { status: RunStatus::RolledBack }));
        let line = RunLine::of(&records, false).unwrap();
        assert!(Runs { state: text("rolled-back"), ..Runs::default() }.wants(&line));
        assert!(!Runs { state: text("failed"), ..Runs::default() }.wants(&line));
    }

    #[test]
    fn the_time_of_a_run_is_in_its_id() {
        let now: Timestamp = "2026-11-21T12:00:00Z".parse().unwrap();
        let run = |at: &str| RunId::from_parts(at.parse::<Timestamp>().unwrap().as_millisecond().try_into().unwrap(), 1);
        let all = vec![run("2026-11-21T03:00:00Z"), run("2026-11-20T03:00:00Z"), run("2026-11-13T03:00:00Z")];
        let found = |since: Option<&str>, until: Option<&str>| {
            let runs = Runs { since: since.map(str::to_owned), until: until.map(str::to_owned), ..Runs::default() };
            runs.in_time(all.clone(), now).map(|found| found.len())
        };
        assert_eq!(found(None, None), Ok(3));
        assert_eq!(found(Some("7d"), None), Ok(2));
        assert_eq!(found(Some("2026-11-20T03:00:00Z"), Some("2026-11-21")), Ok(1));
        assert!(found(Some("soon"), None).unwrap_err().to_string().starts_with("`--since soon`: a day"));
    }

    #[test]
    fn a_state_that_does_not_exist_is_refused_and_not_answered_with_an_empty_list() {
        let asked = |state: &str| Runs { state: Some(state.to_owned()), ..Runs::default() }.known_state();
        for word in RunStatus::WORDS.into_iter().chain(["died", "damaged", "in-doubt", "Rolled_Back"]) {
            assert_eq!(asked(word), Ok(()));
        }
        let refused = asked("faild").unwrap_err().rendered(Palette::plain());
        assert!(
            refused.starts_with("error: no run is ever `faild`; did you mean `failed`?\nstates are `running`, "),
            "{refused}"
        );
    }
}
