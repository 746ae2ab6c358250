//! Runs and entries to test with.

use jiff::Timestamp;
use runbook_model::answer::Answer;
use runbook_model::chain::{self, Head};
use runbook_model::change::{Change, Invocation};
use runbook_model::entry::{End, Entry, Intent, Purpose, Record, VERSION};
use runbook_model::id::{Attempt, Epoch, RunId};
use runbook_model::outcome::Outcome;
use runbook_model::path::StepPath;
use runbook_model::step::{Command, Location, RollbackPlan, StepKind, StepSpec};

use super::{Holder, Receipt, RunDir, StateDir};

/// 2026-11-21T03:00:00Z.
const NIGHT: i64 = 1_795_230_000;

pub(super) fn now() -> Timestamp {
    Timestamp::from_second(NIGHT).unwrap()
}

pub(super) fn run_id(random: u128) -> RunId {
    RunId::from_parts(NIGHT as u64 * 1_000, random)
}

pub(super) fn holder(name: &str) -> Holder {
    let (host, boot) = ("db7".to_owned(), "boot".to_owned());
    Holder { name: name.to_owned(), host, pid: 4711, boot, since: now(), purpose: Purpose::Resume }
}

/// A run with a directory and nothing in it. The directory is removed with the first value.
pub(super) fn fresh_run() -> (tempfile::TempDir, RunDir) {
    let home = tempfile::tempdir().unwrap();
    let run_dir = StateDir::open(&home.path().join("state")).unwrap().run(run_id(1));
    std::fs::create_dir(run_dir.dir()).unwrap();
    (home, run_dir)
}

/// A run that does not exist yet.
pub(super) fn new_run() -> (tempfile::TempDir, RunDir) {
    let home = tempfile::tempdir().unwrap();
    let run_dir = StateDir::open(&home.path().join("state")).unwrap().run(run_id(1));
    (home, run_dir)
}

/// The content of a journal of so many notes.
pub(super) fn journal_of(run: RunId, notes: u64) -> Vec<u8> {
    let mut head = Head::EMPTY;
    let mut content = Vec::new();
    for note in 0..notes {
        let entry = noted(&format!("note {note}"));
        let record = Record { v: VERSION, run, seq: head.next, epoch: Epoch(1), at: now(), entry };
        let (line, next) = chain::encode(head, &record);
        content.extend(line);
        content.push(b'\n');
        head = next;
    }
    content
}

pub(super) fn noted(text: &str) -> Entry {
    Entry::Noted { text: text.to_owned(), location: Location::default(), branch: Default::default() }
}

pub(super) fn intent(name: &str) -> Intent {
    let change = Change::Run(Invocation { argv: vec!["/bin/true".to_owned(), name.to_owned()], ..Invocation::default() });
    let command = Command { rollback: RollbackPlan::Nothing, ..Command::new(change.clone()) };
    let spec = StepSpec { name: name.to_owned(), kind: StepKind::Command(Box::new(command)) };
    Intent {
        path: StepPath::root().child(name, 1),
        attempt: Attempt::FIRST,
        fingerprint: spec.fingerprint(),
        spec,
        change: Some(change),
        owes: Vec::new(),
        location: Location { file: "deploy.rhai".to_owned(), line: 7, column: 1 },
    }
}

pub(super) fn ended(receipt: &Receipt) -> Entry {
    Entry::StepEnded(Box::new(End {
        path: receipt.path().clone(),
        attempt: receipt.attempt(),
        outcome: Outcome::Succeeded(Answer::Written),
        millis: Some(12),
        looks: None,
        observed: Vec::new(),
    }))
}
