//! Who hears of what, and when.

use std::rc::Rc;

use runbook_model::answer::Answer;
use runbook_model::change::{Change, Invocation};
use runbook_model::entry::{End, Purpose, Session};
use runbook_model::id::{Attempt, RunId};
use runbook_model::outcome::Outcome;
use runbook_model::path::StepPath;
use runbook_model::person::{From, Person};
use runbook_model::step::{Command, Location, StepKind, StepSpec};

use super::*;
use crate::dispatcher::desk::Desk;
use crate::dispatcher::interrupts::Interrupts;
use crate::dispatcher::locking::Locks;
use crate::dispatcher::notary::Notary;
use crate::dispatcher::sealing::Sealer;
use crate::journal::{Claim, Holder, StateDir};
use crate::line::Call;
use crate::operation::{Operation, Reply};
use crate::signing::Signing;
use crate::world::DryRunWorld;
use crate::world::scripted::ScriptedWorld;

type Heard = Rc<RefCell<Vec<&'static str>>>;

struct Listener(Heard);

impl Reporter for Listener {
    fn fact(&mut self, record: &Record) {
        self.0.borrow_mut().push(record.entry.word());
    }

    fn progress(&mut self, _progress: &Progress) {}
}

fn now() -> Timestamp {
    Timestamp::from_second(1_795_230_000).unwrap()
}

/// A ledger of a run that has just begun, all of it on disk.
fn ledger() -> (Ledger, Heard, tempfile::TempDir) {
    let (ledger, heard, home) = begun();
    ledger.sync_now().unwrap();
    heard.borrow_mut().clear();
    (ledger, heard, home)
}

/// A ledger of a run that has just begun, nothing of it on disk.
fn begun() -> (Ledger, Heard, tempfile::TempDir) {
    let home = tempfile::tempdir().unwrap();
    let dir = StateDir::open(&home.path().join("state")).unwrap().run(RunId::from_parts(1, 1));
    let (name, host, boot) = ("ada".to_owned(), "db7".to_owned(), "boot".to_owned());
    let holder =
        Holder { name: name.clone(), host: host.clone(), pid: 1, boot: boot.clone(), since: now(), purpose: Purpose::Exec };
    let journal = Journal::create(&dir, &holder).unwrap();
    let started = serde_json::json!({
        "runbook": "main", "title": "Main", "mode": "live", "params": {}, "sources": [], "root": "/"
    });
    let started = Entry::RunStarted(Box::new(serde_json::from_value(started).unwrap()));
    let state = RunState::begin(&journal.append(started, now()).unwrap()).unwrap();
    let heard = Heard::default();
    let ledger = Ledger::new(journal, state, vec![Box::new(Listener(Rc::clone(&heard)))], Fence::default());
    let operator = Person { name, host, from: From::Terminal };
    let session = Session { purpose: Purpose::Exec, operator, pid: 1, boot, engine: "test".to_owned(), taken_over: None };
    ledger.write(Entry::SessionStarted(session), now()).unwrap();
    (ledger, heard, home)
}

fn intent(name: &str) -> Intent {
    let change = Change::Run(Invocation { argv: vec!["/bin/true".to_owned()], ..Invocation::default() });
    let kind = StepKind::Command(Box::new(Command::new(change.clone())));
    let spec = StepSpec { name: name.to_owned(), kind };
    Intent {
        path: StepPath::root().child(name, 1),
        attempt: Attempt::FIRST,
        fingerprint: spec.fingerprint(),
        spec,
        change: Some(change),
        owes: Vec::new(),
        location: Location::default(),
    }
}

fn ended(name: &str) -> Entry {
    Entry::StepEnded(Box::new(End {
        path: StepPath::root().child(name, 1),
        attempt: Attempt::FIRST,
        outcome: Outcome::Succeeded(Answer::Nothing),
        millis: Some(1),
        looks: None,
        observed: Vec::new(),
    }))
}

fn noted() -> Entry {
    Entry::Noted { text: "a note".to_owned(), location: Location::default(), branch: Default::default() }
}

#[tokio::test]
async fn the_end_of_a_step_is_told_when_the_intent_of_the_next_has_flushed_it() {
    let (ledger, heard, _home) = ledger();
    drop(ledger.intend(intent("one"), now()).await.unwrap());
    assert_eq!(*heard.borrow(), ["step_intended"]);
    let before = ledger.durable_bytes();
    ledger.write_unheard(ended("one"), now()).unwrap();
    assert!(ledger.is_unheard() && ledger.durable_bytes() == before, "no flush of its own");
    ledger.hear();
    assert_eq!(heard.borrow().len(), 1, "not before it is on disk, however often somebody asks");
    drop(ledger.intend(intent("two"), now()).await.unwrap());
    assert!(ledger.durable_bytes() > before);
    assert_eq!(*heard.borrow(), ["step_intended", "step_ended", "step_intended"]);
    assert!(!ledger.is_unheard());
}

/// It is told at once that a run begins; a power cut shall not find it gone while it waits for something.
#[tokio::test]
async fn a_run_of_which_nothing_is_on_disk_is_flushed_when_it_waits() {
    let (ledger, heard, _home) = begun();
    assert_eq!((ledger.durable_bytes(), heard.borrow().as_slice()), (0, &["session_started"][..]));
    assert!(ledger.is_unheard());
    ledger.settle().await.unwrap();
    assert!(ledger.durable_bytes() > 0 && !ledger.is_unheard());
    ledger.write(noted(), now()).unwrap();
    assert!(!ledger.is_unheard(), "what else is told at once waits for the next flush");
}

#[tokio::test]
async fn nothing_is_told_out_of_order() {
    let (ledger, heard, _home) = ledger();
    drop(ledger.intend(intent("one"), now()).await.unwrap());
    ledger.write_unheard(ended("one"), now()).unwrap();
    // By itself it would be told at once; it must not overtake what is kept back.
    ledger.write(noted(), now()).unwrap();
    assert_eq!(*heard.borrow(), ["step_intended"]);
    ledger.settle().await.unwrap();
    assert_eq!(*heard.borrow(), ["step_intended", "step_ended", "noted"]);
    ledger.write(noted(), now()).unwrap();
    assert_eq!(heard.borrow().len(), 4, "nothing is before it any more");
}

#[tokio::test]
async fn whoever_loses_the_disk_has_told_nothing() {
    let (ledger, heard, home) = ledger();
    drop(ledger.intend(intent("one"), now()).await.unwrap());
    ledger.write_unheard(ended("one"), now()).unwrap();
    // Another writer: the journal dies before it flushes.
    let journal = home.path().join("state/runs").join(RunId::from_parts(1, 1).to_string()).join("journal.jsonl");
    let mut file = std::fs::OpenOptions::new().append(true).open(journal).unwrap();
    std::io::Write::write_all(&mut file, b"{}\n").unwrap();
    assert!(matches!(ledger.settle().await, Err(Halt::Lost(Lost::NotAlone { .. }))));
    ledger.hear();
    assert_eq!(*heard.borrow(), ["step_intended"]);
}

#[tokio::test]
async fn what_is_late_is_known_at_once_and_written_before_whatever_comes_next() {
    let (ledger, heard, _home) = ledger();
    let late = |name: &str| ledger.write_late(Entry::StepIntended(Box::new(intent(name))), ended(name), now()).unwrap();
    let before = ledger.journal.written();
    late("one");
    assert!(ledger.state().step(&StepPath::root().child("one", 1)).is_some());
    assert!(heard.borrow().is_empty() && ledger.journal.written() == before, "it is neither told nor written");
    late("two");
    assert_eq!(*heard.borrow(), ["step_intended", "step_ended"]);
    ledger.write(noted(), now()).unwrap();
    assert_eq!(heard.borrow().as_slice()[2..], ["step_intended", "step_ended", "noted"]);
    late("three");
    ledger.catch_up().unwrap();
    ledger.catch_up().unwrap();
    assert_eq!(heard.borrow().len(), 7);
    late("four");
    ledger.sync().await.unwrap();
    late("five");
    drop(ledger.intend(intent("six"), now()).await.unwrap());
    assert_eq!(heard.borrow().as_slice()[7..], ["step_intended", "step_ended", "step_intended", "step_ended", "step_intended"]);
    assert_eq!(ledger.journal.written().head.next.0, ledger.state().records());
}

#[tokio::test]
async fn what_is_late_and_cannot_be_written_is_told_by_nobody() {
    let (ledger, heard, home) = ledger();
    ledger.write_late(Entry::StepIntended(Box::new(intent("one"))), ended("one"), now()).unwrap();
    let journal = home.path().join("state/runs").join(RunId::from_parts(1, 1).to_string()).join("journal.jsonl");
    std::fs::OpenOptions::new().append(true).open(journal).unwrap().set_len(7).unwrap();
    assert!(matches!(ledger.catch_up(), Err(Halt::Lost(Lost::NotAlone { .. }))));
    assert!(matches!(ledger.write(noted(), now()), Err(Halt::Lost(_))));
    assert!(heard.borrow().is_empty());
}

/// A desk that rehearses.
fn rehearsing() -> (Desk, Heard, tempfile::TempDir) {
    let (ledger, heard, home) = ledger();
    let dir = StateDir::open(&home.path().join("state")).unwrap().run(RunId::from_parts(1, 1));
    let (name, host, runbook) = ("ada".to_owned(), "db7".to_owned(), "main".to_owned());
    let claim = Claim { run: dir.run(), runbook, name, host, pid: 1, since: now(), waits_for: None };
    let sealer = Sealer { archivist: None, run: dir.run(), journal: dir.journal(), sources: Vec::new() };
    let world = Rc::new(DryRunWorld::new(ScriptedWorld::new(), None));
    let (locks, notary) = (Locks::new(dir.locks(), claim), Notary { signing: Signing::default() });
    (Desk::new(ledger, world, Interrupts::default(), sealer, locks, notary, Default::default()), heard, home)
}

#[tokio::test]
async fn a_withheld_step_is_written_behind_its_answer_and_waits_for_nothing() {
    let (desk, heard, _home) = rehearsing();
    let Intent { path, spec, location, .. } = intent("one");
    let (reply, mut answer) = tokio::sync::oneshot::channel();
    let before = desk.ledger.journal.written();
    let call = Call { operation: Operation::Step { path, spec: Box::new(spec), location }, reply };
    let served = desk.serve(call);
    tokio::pin!(served);
    assert!(std::future::poll_fn(|task| std::task::Poll::Ready(served.as_mut().poll(task).is_ready())).await, "at once");
    assert_eq!(answer.try_recv().unwrap(), Reply::Unknown { assumed: None });
    assert_eq!(*heard.borrow(), ["step_intended", "step_ended"]);
    assert_eq!(desk.ledger.journal.written().head.next.0, before.head.next.0 + 2);
    assert_eq!(desk.ledger.durable_bytes(), before.bytes, "nor for the disk");
}
