//! Which runs are held against each other.

use std::collections::BTreeMap;

use runbook_model::account::Account;
use runbook_model::comparison::{Comparison, Unlike};
use runbook_model::entry::Source;
use serde_json::json;

use super::texts::{self, Sources};
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::globals::Globals;
use crate::history::{History, RunLine};
use crate::output;
use crate::output::Format;
use crate::output::screen::on_stderr;
use crate::output::screen::on_stdout;
use crate::typed::RunPrefix;

/// Show how two runs differ
///
/// Parameters, settings, sources, steps, what came of them and what they printed, and how long each took. Ends with 0 whether
/// they differ or not: programs read `same` in the JSON. Nothing is locked or written.
#[derive(Debug, clap::Args)]
pub struct Diff {
    /// A run: its id, a unique prefix of it, or `last`
    #[arg(value_name = "RUN")]
    pub left: RunPrefix,
    /// The run to hold against it
    #[arg(value_name = "RUN")]
    pub right: RunPrefix,
    /// Compare only what they meant to do: a rehearsal with an execution, staging with production
    #[arg(long)]
    pub plan: bool,
    /// List the steps that do not differ, too
    #[arg(long, short)]
    pub verbose: bool,
}

/// Prints what differs.
///
/// # Errors
/// There is no such run, or it cannot be read.
pub fn run(diff: &Diff, history: Option<&History>, globals: &Globals) -> Result<ExitCode, Failure> {
    let Some(history) = history else { return Err(Failure::usage("nothing was run here").hint("runbook list")) };
    let (left, right) = (read(history, &diff.left, globals)?, read(history, &diff.right, globals)?);
    let compare = if diff.plan { Comparison::of_plans } else { Comparison::of };
    let mut comparison = compare(&left.account, &right.account);
    let states = (left.state, right.state);
    put(if diff.plan { &mut comparison.circumstances } else { &mut comparison.facts }, states);
    output::to_stdout(&match globals.output {
        Format::Json => {
            format!("{}\n", json!({ "v": 1, "same": comparison.is_same(), "comparison": comparison }))
        }
        Format::Text => {
            let sources = (texts_of(history, &left.account), texts_of(history, &right.account));
            texts::text(
                &comparison,
                (&left.account, &right.account),
                states,
                &sources,
                (diff.plan, diff.verbose),
                on_stdout(globals.color),
            )
        }
    })?;
    let mut exit = ExitCode::Completed;
    for side in [&left, &right] {
        if let Some(damaged) = &side.damaged {
            output::to_stderr(&damaged.rendered(on_stderr(globals.color).palette));
            exit = damaged.exit();
        }
    }
    Ok(exit)
}

/// Puts what two runs are in the place of what their journals alone say of that, which may differ where the runs do not.
fn put(facts: &mut Vec<Unlike>, (left, right): (&str, &str)) {
    let at = facts.iter().position(|fact| fact.name == "state");
    if let Some(at) = at {
        facts.remove(at);
    }
    if left != right {
        let (left, right) = (Some(left.to_owned()), Some(right.to_owned()));
        facts.insert(at.unwrap_or(facts.len()), Unlike { name: "state".to_owned(), left, right });
    }
}

/// A run as far as it can be read.
struct Read {
    account: Account,
    /// As `runbook runs` has it: its journal alone does not say that the process that wrote it is gone.
    state: &'static str,
    damaged: Option<Failure>,
}

fn read(history: &History, prefix: &RunPrefix, globals: &Globals) -> Result<Read, Failure> {
    let run = history.find(&prefix.0).map_err(|failure| failure.hint(globals.typed("runs")))?;
    // Before the journal is read: what is written in between is then told and not taken for a death.
    let held = history.held(run).is_some();
    let (reading, damaged) = history.read(run)?;
    let damaged = damaged.map(|damaged| Failure::from(runbook_runtime::journal::ReadError::Damaged(damaged)));
    let line = RunLine::of(&reading.records, held);
    match (Account::of(&reading.records), damaged) {
        (Some(account), damaged) => {
            let state = line.map_or_else(|| account.state.word(), |line| RunLine { damaged: damaged.is_some(), ..line }.word());
            Ok(Read { account, state, damaged })
        }
        (None, Some(damaged)) => Err(damaged),
        (None, None) => Err(Failure::usage(format!("run {run} has no beginning"))),
    }
}

/// The texts of the sources that a run was started with, as far as they can be had: without one, its digest has to do.
fn texts_of(history: &History, account: &Account) -> Sources {
    let dir = history.dir(account.run);
    let text = |source: &Source| Some((source.name.clone(), dir.pinned(source).ok()?));
    account.started.sources.iter().filter_map(text).collect::<BTreeMap<_, _>>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_differ_by_what_they_are_and_not_by_what_their_journals_say() {
        let unlike = |name: &str, left: &str, right: &str| {
            let (left, right) = (Some(left.to_owned()), Some(right.to_owned()));
            Unlike { name: name.to_owned(), left, right }
        };
        let state_of = |state: &[Unlike], states| {
            let mut facts = [&[unlike("mode", "live", "rehearsal")], state, &[unlike("root", "/a", "/b")]].concat();
            put(&mut facts, states);
            facts.retain(|fact| fact.name == "state");
            facts
        };
        let by_journals = [unlike("state", "running", "rolling back")];
        assert_eq!(state_of(&by_journals, ("died", "rolling back")), [unlike("state", "died", "rolling back")]);
        assert_eq!(state_of(&by_journals, ("died", "died")), []);
        assert_eq!(state_of(&[], ("died", "running")), [unlike("state", "died", "running")]);
        assert_eq!(state_of(&[], ("died", "died")), []);
    }
}
