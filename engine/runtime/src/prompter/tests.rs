//! What is answered where the script runs, and what is not.

use runbook_model::answer::{Answer, Said};
use runbook_model::change::{Change, Invocation};
use runbook_model::digest::Digest;
use runbook_model::entry::{BranchFailure, End, Entry, Intent, ParallelEntered, Purpose, Session};
use runbook_model::failure::Failure;
use runbook_model::id::{Attempt, Epoch, RunId};
use runbook_model::person::{Decider, From, Person};
use runbook_model::step::{Command, Confirm, Location, StepKind, StepSpec};

use super::*;

struct Book(RunState);

impl Book {
    fn new() -> Self {
        let started = serde_json::json!({
            "runbook": "main", "title": "Main", "mode": "live", "params": {}, "sources": [], "root": "/"
        });
        let record = runbook_model::entry::Record {
            v: runbook_model::entry::VERSION,
            run: RunId::from_parts(1, 1),
            seq: runbook_model::id::Seq(0),
            epoch: Epoch(1),
            at: jiff::Timestamp::UNIX_EPOCH,
            entry: Entry::RunStarted(Box::new(serde_json::from_value(started).unwrap())),
        };
        let mut book = Self(RunState::begin(&record).unwrap());
        let operator = Person { name: "ada".to_owned(), host: "db7".to_owned(), from: From::Terminal };
        let (boot, engine) = (String::new(), String::new());
        book.write(Entry::SessionStarted(Session { purpose: Purpose::Exec, operator, pid: 1, boot, engine, taken_over: None }));
        book
    }

    fn write(&mut self, entry: Entry) {
        let record = self.0.draft(Epoch(1), jiff::Timestamp::UNIX_EPOCH, entry);
        self.0.apply(&record).unwrap();
    }

    fn step(&mut self, path: &StepPath, outcome: Outcome) {
        let (spec, attempt) = (spec(path.name(), "true"), Attempt::FIRST);
        let intent = Intent {
            path: path.clone(),
            attempt,
            fingerprint: spec.fingerprint(),
            change: None,
            owes: Vec::new(),
            location: Location::default(),
            spec,
        };
        self.write(Entry::StepIntended(Box::new(intent)));
        let (path, observed) = (path.clone(), Vec::new());
        self.write(Entry::StepEnded(Box::new(End { path, attempt, outcome, millis: None, looks: None, observed })));
    }
}

fn path(name: &str) -> StepPath {
    StepPath::root().child(name, 1)
}

fn spec(name: &str, program: &str) -> StepSpec {
    let change = Change::Run(Invocation { argv: vec![program.to_owned()], ..Invocation::default() });
    StepSpec { name: name.to_owned(), kind: StepKind::Command(Box::new(Command::new(change))) }
}

fn ask(path: &StepPath, program: &str) -> Operation {
    let spec = Box::new(spec(path.name(), program));
    Operation::Step { path: path.clone(), spec, location: Location::default() }
}

fn done() -> Outcome {
    Outcome::Succeeded(Answer::Written)
}

fn failed() -> Outcome {
    Outcome::Failed(Failure::LookFailed { message: "no".to_owned(), at: None })
}

#[test]
fn what_is_recorded_is_answered_in_its_order() {
    let mut book = Book::new();
    for name in ["a", "b", "c"] {
        book.step(&path(name), done());
    }
    let prompter = Prompter::of(&book.0);
    assert_eq!(prompter.reply(&ask(&path("b"), "true")), None, "before its turn");
    for name in ["a", "b", "c"] {
        assert_eq!(prompter.reply(&ask(&path(name), "true")), Some(Reply::Done(Answer::Written)));
    }
    assert_eq!(prompter.reply(&ask(&path("c"), "true")), None, "a second time");
    assert_eq!(prompter.reply(&ask(&path("d"), "true")), None, "never recorded");
    assert_eq!(prompter.answered(1).cloned().collect::<Vec<_>>(), [path("b"), path("c")]);
}

#[test]
fn another_step_at_the_same_place_is_for_the_dispatcher_to_refuse() {
    let mut book = Book::new();
    book.step(&path("a"), done());
    let prompter = Prompter::of(&book.0);
    assert_eq!(prompter.reply(&ask(&path("a"), "false")), None);
    assert_eq!(prompter.answered(0).count(), 0);
}

#[test]
fn what_failed_is_for_the_dispatcher_and_what_follows_is_not() {
    let mut book = Book::new();
    book.step(&path("a"), failed());
    book.step(&path("b"), done());
    let prompter = Prompter::of(&book.0);
    assert_eq!(prompter.reply(&ask(&path("a"), "true")), None);
    assert_eq!(prompter.reply(&ask(&path("b"), "true")), Some(Reply::Done(Answer::Written)));
}

#[test]
fn the_branches_of_a_parallel_are_for_the_dispatcher() {
    let mut book = Book::new();
    let all = path("all");
    let (items, location) = (vec!["x".to_owned()], Location::default());
    let asked = ParallelEntered { path: all.clone(), items, max: 1, max_failures: 0, location };
    book.write(Entry::ParallelEntered(Box::new(asked)));
    book.write(Entry::BranchEntered { path: all.child("x", 1) });
    let inside = all.child("x", 1).child("a", 1);
    book.step(&inside, done());
    book.write(Entry::BranchLeft { path: all.child("x", 1), millis: 1, failed: None::<BranchFailure> });
    book.write(Entry::ParallelLeft { path: all, millis: 1 });
    book.step(&path("b"), done());
    let prompter = Prompter::of(&book.0);
    assert_eq!(prompter.reply(&ask(&inside, "true")), None);
    assert_eq!(prompter.reply(&ask(&path("b"), "true")), Some(Reply::Done(Answer::Written)));
}

#[test]
fn a_phase_is_passed_only_when_it_is_closed() {
    let mut book = Book::new();
    for name in ["closed", "open"] {
        book.write(Entry::PhaseEntered { path: path(name), budget: None });
    }
    book.write(Entry::PhaseLeft { path: path("closed"), millis: 5 });
    let prompter = Prompter::of(&book.0);
    let enter = |name| Operation::EnterPhase { path: path(name), budget: None, locks: Default::default() };
    assert_eq!(prompter.reply(&enter("closed")), Some(Reply::GoOn));
    assert_eq!(prompter.reply(&Operation::LeavePhase { path: path("closed") }), Some(Reply::GoOn));
    // Its lock is taken again, and its promise of time goes on.
    assert_eq!(prompter.reply(&enter("open")), None);
    assert_eq!(prompter.reply(&Operation::LeavePhase { path: path("open") }), None);
}

#[test]
fn a_question_that_was_put_to_people_is_known_whether_it_was_answered_or_not() {
    let mut book = Book::new();
    book.step(&path("a"), done());
    for name in ["answered", "open"] {
        let spec = StepSpec { name: name.to_owned(), kind: StepKind::Confirm(Confirm::default()) };
        let (path, attempt, fingerprint) = (path(name), Attempt::FIRST, spec.fingerprint());
        let (owes, location) = (Vec::new(), Location::default());
        book.write(Entry::StepIntended(Box::new(Intent { path, attempt, fingerprint, change: None, owes, location, spec })));
    }
    let (by, shown) = (Decider::Runbook, Digest::of(b"shown"));
    book.write(Entry::ConfirmAnswered { path: path("answered"), said: Said::Yes, by, shown, note: None });
    let prompter = Prompter::of(&book.0);
    let known = ["a", "answered", "open", "never"].map(|name| prompter.has_asked(&path(name)));
    assert_eq!(known, [false, true, true, false]);
}
