//! Journals as engines of format version 1 wrote them must be read, and mean the same, for as long as that version is.
//!
//! `NAME.jsonl` is what was written, `NAME.fold` what it means. Neither is ever edited: see the README beside them.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use runbook_model::chain::{self, Head};
use runbook_model::entry::Record;
use runbook_model::outcome::Outcome;
use runbook_model::rollback::{self, Next};
use runbook_model::state::{RunState, StepPhase};

fn golden() -> Vec<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/compat/v1");
    let files = fs::read_dir(directory).expect("the golden journals").map(|entry| entry.expect("an entry").path());
    let mut journals: Vec<_> = files.filter(|path| path.extension().is_some_and(|it| it == "jsonl")).collect();
    journals.sort();
    assert!(journals.len() >= 14, "{journals:?}");
    journals
}

/// The records, each checked against the chain; a torn last line counts for nothing.
fn records(journal: &Path) -> Vec<Record> {
    let text = fs::read_to_string(journal).expect("text");
    let (mut head, mut records) = (Head::EMPTY, Vec::new());
    for line in text.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n')) {
        let (record, next) =
            chain::decode(head, None, line.as_bytes()).unwrap_or_else(|why| panic!("{journal:?}: {why}\n{line}"));
        let (again, _) = chain::encode(head, &record);
        assert_eq!(String::from_utf8_lossy(&again), line, "nothing that was written is lost or moved by reading it");
        (head, records) = (next, [records, vec![record]].concat());
    }
    records
}

/// What a journal means, for people who read the difference.
fn meaning(records: &[Record]) -> String {
    let state = RunState::fold(records).expect("a legal journal").expect("a run that began");
    let mut text = format!(
        "status: {}\nrecords: {}\nepoch: {}\nheld: {}\n",
        serde_json::to_string(state.status()).expect("JSON"),
        state.records(),
        state.epoch().0,
        state.session().is_some(),
    );
    for step in state.steps() {
        // Words of this file alone: what the program says to people may change, what a journal means may not.
        let phase = match &step.phase {
            StepPhase::Ended(Outcome::Succeeded(_)) => "succeeded",
            StepPhase::Ended(Outcome::Failed(_)) => "failed",
            StepPhase::Ended(Outcome::Missed(_)) => "missed",
            StepPhase::Ended(Outcome::Withheld { .. }) => "withheld",
            StepPhase::Ended(Outcome::Unknown { .. }) => "unknown",
            StepPhase::Intended => "intended",
            StepPhase::Open => "open",
            StepPhase::Settled => "settled",
            StepPhase::Skipped => "skipped",
            StepPhase::Registered => "registered",
        };
        let doubt = if step.is_doubtful() { ", in doubt" } else { "" };
        writeln!(text, "step {} attempt {}: {phase}{doubt}", step.path, step.attempt.0).expect("text");
    }
    for path in rollback::owing(&state) {
        writeln!(text, "owes {path}").expect("text");
    }
    let next = match rollback::next(&state) {
        Next::Finished => "nothing".to_owned(),
        Next::Done { of } => format!("{of} is done"),
        Next::Block { of } => format!("{of}, by its block"),
        Next::Change { of, path, change } => {
            format!("{of}, by {path}: {}", serde_json::to_string(&change).expect("JSON"))
        }
    };
    writeln!(text, "next to roll back: {next}").expect("text");
    text
}

#[test]
fn every_golden_journal_means_what_it_meant() {
    for journal in golden() {
        let expected = journal.with_extension("fold");
        let meaning = meaning(&records(&journal));
        // Only for a journal that is new here: what there is, is not written again.
        if !expected.exists() && env::var_os("RUNBOOK_GOLDEN").is_some_and(|it| it == "new") {
            fs::write(&expected, &meaning).expect("written");
        }
        let wanted = fs::read_to_string(&expected).unwrap_or_else(|error| panic!("{expected:?}: {error}"));
        assert_eq!(meaning, wanted, "{journal:?}");
    }
}

#[test]
fn every_prefix_of_a_golden_journal_is_a_state_that_a_crash_may_leave() {
    for journal in golden() {
        let records = records(&journal);
        for end in 0..=records.len() {
            let folded = RunState::fold(&records[..end]).unwrap_or_else(|illegal| panic!("{journal:?}, {end}: {illegal}"));
            assert_eq!(folded.is_some(), end > 0, "{journal:?}");
        }
    }
}

#[test]
fn every_kind_of_entry_is_among_them() {
    let seen: BTreeSet<_> = golden().iter().flat_map(|journal| records(journal)).map(|record| record.entry.word()).collect();
    // Taken from the names in the source, so that a new kind asks for a journal that has it.
    let source = include_str!("../src/entry.rs");
    let names: BTreeSet<_> = source
        .lines()
        .filter_map(|line| line.trim().strip_prefix("Self::")?.split_once("=> \"")?.1.strip_suffix("\","))
        .collect();
    assert!(names.len() >= 17, "{names:?}");
    assert_eq!(seen, names);
}
