//! The fold of a journal: what may follow what, what is owed, and that an illegal record changes nothing.

mod started;

use proptest::prelude::*;
use runbook_model::Value;
use runbook_model::answer::{Answer, ExitStatus, Exited};
use runbook_model::change::{Change, Invocation};
use runbook_model::decide::{Decision, Refusal, decide};
use runbook_model::entry::{End, Entry, Intent, Purpose, Session, Verdict};
use runbook_model::failure::Failure;
use runbook_model::id::{Attempt, Epoch};
use runbook_model::outcome::Outcome;
use runbook_model::path::StepPath;
use runbook_model::person::{Decider, From, Person};
use runbook_model::rollback::{self, Next};
use runbook_model::state::{RunState, StepPhase};
use runbook_model::status::RunStatus;
use runbook_model::step::{Command, Location, RollbackPlan, StepKind, StepSpec};
use started::first;

fn argv(words: &[&str]) -> Change {
    Change::Run(Invocation { argv: words.iter().map(|word| (*word).to_owned()).collect(), ..Invocation::default() })
}

fn command(name: &str, rollback: RollbackPlan) -> StepSpec {
    StepSpec {
        name: name.to_owned(),
        kind: StepKind::Command(Box::new(Command {
            rollback,
            rollback_if_failed: name.contains("partial"),
            ..Command::new(argv(&["do", name]))
        })),
    }
}

fn way_back(name: &str) -> RollbackPlan {
    RollbackPlan::Changes(vec![argv(&["revert", name, "1"]), argv(&["revert", name, "2"])])
}

fn path(name: &str) -> StepPath {
    StepPath::root().child(name, 1)
}

fn person() -> Person {
    Person { name: "alice".to_owned(), host: "h".to_owned(), from: From::CommandLine }
}

fn intended(path: &StepPath, attempt: u32, spec: &StepSpec) -> Entry {
    let owes = match &spec.kind {
        StepKind::Command(command) => match &command.rollback {
            RollbackPlan::Changes(changes) => changes.clone(),
            _ => Vec::new(),
        },
        _ => Vec::new(),
    };
    Entry::StepIntended(Box::new(Intent {
        path: path.clone(),
        attempt: Attempt(attempt),
        fingerprint: spec.fingerprint(),
        spec: spec.clone(),
        change: None,
        owes,
        location: Location::default(),
    }))
}

fn ended(path: &StepPath, attempt: u32, outcome: Outcome) -> Entry {
    let end = End { path: path.clone(), attempt: Attempt(attempt), outcome, millis: Some(1), looks: None, observed: Vec::new() };
    Entry::StepEnded(Box::new(end))
}

fn succeeded() -> Outcome {
    Outcome::Succeeded(Answer::Nothing)
}

fn failed() -> Outcome {
    Outcome::Failed(Failure::NotMet { saw: Value::Bool(false), expected: None })
}

fn killed() -> Outcome {
    let exited = Exited { status: ExitStatus::Signal(9), ..serde_json::from_str(r#"{"status":{"signal":9}}"#).expect("an end") };
    Outcome::Failed(Failure::Exited(exited))
}

/// A journal that is written by a test.
struct Book {
    state: RunState,
    epoch: u32,
}

impl Book {
    fn new() -> Self {
        let mut book = Self { state: RunState::begin(&first(Vec::new())).expect("a start"), epoch: 0 };
        book.session().expect("a session");
        book
    }

    fn write(&mut self, entry: Entry) -> Result<(), String> {
        let record = self.state.draft(Epoch(self.epoch), jiff::Timestamp::UNIX_EPOCH, entry);
        self.state.apply(&record).map_err(|illegal| illegal.to_string())
    }

    fn session(&mut self) -> Result<(), String> {
        self.epoch += 1;
        self.write(Entry::SessionStarted(Session {
            purpose: Purpose::Exec,
            operator: person(),
            pid: 1,
            boot: String::new(),
            engine: String::new(),
            taken_over: None,
        }))
    }

    fn step(&mut self, name: &str, outcome: Outcome, plan: RollbackPlan) {
        let spec = command(name, plan);
        self.write(intended(&path(name), 1, &spec)).expect("an intent");
        self.write(ended(&path(name), 1, outcome)).expect("an end");
    }

    fn turn(&mut self) {
        self.write(Entry::RollbackStarted { by: Decider::Runbook, why: "test".to_owned() }).expect("a turn");
    }
}

#[test]
fn rollback_goes_newest_first_over_what_really_ran() {
    let mut book = Book::new();
    book.step("a", succeeded(), way_back("a"));
    book.step("nothing", succeeded(), RollbackPlan::Nothing);
    book.step("b", succeeded(), way_back("b"));
    book.step("broken", failed(), way_back("broken"));
    book.step("partial", failed(), way_back("partial"));
    book.step("stays", succeeded(), RollbackPlan::Undeclared);
    assert_eq!(rollback::owing(&book.state), [&path("partial"), &path("b"), &path("a")]);
    assert_eq!(rollback::staying(&book.state), [&path("stays")]);
    book.turn();
    let mut done = Vec::new();
    loop {
        match rollback::next(&book.state) {
            Next::Finished => break,
            Next::Done { of } => book.write(Entry::RollbackDone { path: of }).expect("done"),
            Next::Block { .. } => unreachable!("no blocks here"),
            Next::Change { of, path, change } => {
                done.push(change.line());
                let spec = rollback::step_of(&of, change);
                book.write(intended(&path, 1, &spec)).expect("a rollback's intent");
                book.write(ended(&path, 1, succeeded())).expect("a rollback's end");
            }
        }
    }
    let wanted = ["revert partial 1", "revert partial 2", "revert b 1", "revert b 2", "revert a 1", "revert a 2"];
    assert_eq!(done, wanted);
    assert!(rollback::owing(&book.state).is_empty(), "a second rollback finds nothing owed");
}

#[test]
fn a_run_that_is_rolled_back_never_goes_forward_again() {
    let mut book = Book::new();
    book.step("a", succeeded(), way_back("a"));
    book.turn();
    let spec = command("b", RollbackPlan::Nothing);
    assert!(book.write(intended(&path("b"), 1, &spec)).expect_err("forward").contains("never goes forward"));
    let decision = decide(&book.state, &path("b"), &spec, spec.fingerprint(), None);
    assert_eq!(decision, Decision::Refuse(Refusal::Backwards { path: path("b") }));
}

#[test]
fn an_older_step_is_not_rolled_back_before_a_newer_one() {
    let mut book = Book::new();
    book.step("a", succeeded(), way_back("a"));
    book.step("b", succeeded(), way_back("b"));
    book.turn();
    let spec = rollback::step_of(&path("a"), argv(&["revert", "a", "1"]));
    assert!(book.write(intended(&path("a").rollback().part(1), 1, &spec)).expect_err("out of order").contains("newest step"));
    assert!(book.write(Entry::RollbackDone { path: path("a") }).expect_err("out of order").contains("newest step"));
}

#[test]
fn an_attempt_without_end_is_recovered_and_never_repeated() {
    let mut book = Book::new();
    let spec = command("a", way_back("a"));
    book.write(intended(&path("a"), 1, &spec)).expect("an intent");
    book.session().expect("the process died; another takes over");
    assert_eq!(book.state.doubtful().len(), 1);
    assert!(matches!(decide(&book.state, &path("a"), &spec, spec.fingerprint(), None), Decision::Recover { .. }));
    assert!(book.write(intended(&path("a"), 2, &spec)).is_err(), "no second attempt beside an open one");
    let verdict = |verdict| Entry::StepResolved {
        path: path("a"),
        attempt: Attempt(1),
        verdict,
        by: Decider::Evidence,
        why: String::new(),
    };
    let mut other = Book { state: book.state.clone(), epoch: book.epoch };
    book.write(verdict(Verdict::Did)).expect("settled");
    assert_eq!(decide(&book.state, &path("a"), &spec, spec.fingerprint(), None), Decision::Pass);
    assert_eq!(rollback::owing(&book.state), [&path("a")], "what took effect is owed");
    other.write(verdict(Verdict::DidNot)).expect("settled");
    assert_eq!(decide(&other.state, &path("a"), &spec, spec.fingerprint(), None), Decision::Perform(Attempt(2)));
    assert!(rollback::owing(&other.state).is_empty());
}

#[test]
fn a_command_that_was_killed_is_in_doubt_and_a_failed_one_is_not() {
    let mut book = Book::new();
    book.step("clean", failed(), way_back("clean"));
    assert!(book.state.doubtful().is_empty());
    book.step("killed", killed(), way_back("killed"));
    assert_eq!(book.state.doubtful()[0].path, path("killed"));
}

#[test]
fn another_step_at_a_recorded_path_is_refused() {
    let mut book = Book::new();
    book.step("a", succeeded(), way_back("a"));
    let edited = command("a", RollbackPlan::Nothing);
    let decision = decide(&book.state, &path("a"), &edited, edited.fingerprint(), None);
    assert!(matches!(decision, Decision::Refuse(Refusal::OtherStep { .. })));
    let new = command("new", RollbackPlan::Nothing);
    let decision = decide(&book.state, &path("new"), &new, new.fingerprint(), Some(&path("a")));
    assert!(matches!(decision, Decision::Refuse(Refusal::PassedBy { .. })));
}

#[test]
fn two_writers_are_seen() {
    let mut book = Book::new();
    let record = book.state.draft(
        Epoch(7),
        jiff::Timestamp::UNIX_EPOCH,
        Entry::RollbackStarted { by: Decider::Runbook, why: String::new() },
    );
    assert!(book.state.apply(&record).expect_err("a foreign epoch").to_string().contains("two processes"));
    book.epoch = 0;
    assert!(book.session().expect_err("an epoch twice").contains("two processes"));
}

#[derive(Debug, Clone)]
enum Move {
    Intend(usize),
    End(usize, u8),
    Retry(usize),
    Skip(usize),
    Resolve(usize, bool),
    Session,
    Close,
    Turn,
    RollbackPart(usize, u32),
    RollbackDone(usize),
}

const NAMES: [&str; 4] = ["a", "b", "partial", "stays"];

fn plan(name: &str) -> RollbackPlan {
    if name == "stays" { RollbackPlan::Undeclared } else { way_back(name) }
}

fn moves() -> impl Strategy<Value = Move> {
    let step = 0..NAMES.len();
    prop_oneof![
        4 => step.clone().prop_map(Move::Intend),
        4 => (step.clone(), 0u8..3).prop_map(|(at, how)| Move::End(at, how)),
        1 => step.clone().prop_map(Move::Retry),
        1 => step.clone().prop_map(Move::Skip),
        1 => (step.clone(), any::<bool>()).prop_map(|(at, did)| Move::Resolve(at, did)),
        1 => Just(Move::Session),
        1 => Just(Move::Close),
        1 => Just(Move::Turn),
        3 => (step.clone(), 1u32..3).prop_map(|(at, part)| Move::RollbackPart(at, part)),
        2 => step.prop_map(Move::RollbackDone),
    ]
}

/// What a step has come to, told by the moves that were accepted and by nothing else.
#[derive(Default, Clone, Debug, PartialEq)]
struct Told {
    effects: Vec<&'static str>,
    turned: bool,
    rolled: Vec<&'static str>,
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]
    #[test]
    fn whatever_is_tried_only_legal_histories_come_out(tried in prop::collection::vec(moves(), 1..60)) {
        let mut book = Book::new();
        let mut told = Told::default();
        for step in tried {
            let before = book.state.clone();
            let epoch = book.epoch;
            let attempt = |book: &Book, at: usize| book.state.step(&path(NAMES[at])).map_or(1, |step| step.attempt.0);
            let result = match step {
                Move::Intend(at) => {
                    let next = book.state.step(&path(NAMES[at])).map_or(1, |step| step.attempt.0 + 1);
                    let result = book.write(intended(&path(NAMES[at]), next, &command(NAMES[at], plan(NAMES[at]))));
                    prop_assert!(result.is_err() || !told.turned, "went forward after the turn");
                    result
                }
                Move::End(at, how) => {
                    let attempt = attempt(&book, at);
                    let outcome = match how { 0 => succeeded(), 1 => failed(), _ => killed() };
                    let result = book.write(ended(&path(NAMES[at]), attempt, outcome));
                    if result.is_ok() && (how == 0 || NAMES[at] == "partial") {
                        told.effects.retain(|name| *name != NAMES[at]);
                        told.effects.push(NAMES[at]);
                        // An attempt that was in flight at the turn and took effect behind its rollback is owed anew.
                        told.rolled.retain(|name| *name != NAMES[at]);
                    }
                    result
                }
                Move::Retry(at) => book.write(Entry::StepRetried { path: path(NAMES[at]), by: Decider::Runbook }),
                Move::Skip(at) => book.write(Entry::StepSkipped { path: path(NAMES[at]), by: Decider::Runbook, why: String::new() }),
                Move::Resolve(at, did) => {
                    let verdict = if did { Verdict::Did } else { Verdict::DidNot };
                    let entry = Entry::StepResolved { path: path(NAMES[at]), attempt: Attempt(attempt(&book, at)), verdict, by: Decider::Evidence, why: String::new() };
                    let result = book.write(entry);
                    if result.is_ok() && did {
                        told.effects.retain(|name| *name != NAMES[at]);
                        told.effects.push(NAMES[at]);
                        // An attempt that was in flight at the turn and took effect behind its rollback is owed anew.
                        told.rolled.retain(|name| *name != NAMES[at]);
                    }
                    result
                }
                Move::Session => book.session(),
                Move::Close => book.write(Entry::SessionEnded { status: RunStatus::Interrupted }),
                Move::Turn => {
                    let result = book.write(Entry::RollbackStarted { by: Decider::Runbook, why: String::new() });
                    prop_assert!(result.is_err() || !told.turned, "turned twice");
                    told.turned |= result.is_ok();
                    result
                }
                Move::RollbackPart(at, part) => {
                    let of = path(NAMES[at]);
                    let part = of.rollback().part(part);
                    let spec = rollback::step_of(&of, argv(&["revert"]));
                    let result = book.write(intended(&part, 1, &spec));
                    if result.is_ok() {
                        let newest = told.effects.iter().rev().find(|name| !told.rolled.contains(name));
                        prop_assert_eq!(newest, Some(&NAMES[at]), "not the newest");
                    }
                    result
                }
                Move::RollbackDone(at) => {
                    let newest = told.effects.iter().rev().find(|name| !told.rolled.contains(name)).copied();
                    let result = book.write(Entry::RollbackDone { path: path(NAMES[at]) });
                    if result.is_ok() {
                        prop_assert_eq!(newest, Some(NAMES[at]), "not the newest");
                        told.rolled.push(NAMES[at]);
                    }
                    result
                }
            };
            if result.is_err() {
                prop_assert_eq!(&book.state, &before, "an illegal record changed the state");
                book.epoch = epoch;
            }
            let owed: Vec<_> = book.state.owed().iter().map(|owed| owed.path.name().to_owned()).collect();
            prop_assert_eq!(owed, told.effects.clone());
            for step in book.state.steps() {
                prop_assert!(step.attempt.0 >= 1 && (step.phase != StepPhase::Registered));
            }
        }
    }
}

#[test]
fn a_lock_is_taken_once_and_given_back_once() {
    let mut book = Book::new();
    let taken = |path: StepPath| Entry::LockTaken { name: "api".to_owned(), path };
    let released = || Entry::LockReleased { name: "api".to_owned() };
    assert!(book.write(released()).expect_err("it has none").contains("`api`"));
    book.write(taken(path("phase"))).expect("the first");
    assert!(book.write(taken(StepPath::root())).expect_err("the second").contains("already"));
    assert_eq!(book.state.locks().get("api"), Some(&path("phase")));
    book.write(released()).expect("it has it");
    assert!(book.state.locks().is_empty() && book.state.every_lock().contains("api"));
    book.write(taken(StepPath::root())).expect("again, for the way back");
}
