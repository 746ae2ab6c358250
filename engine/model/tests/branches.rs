//! The fold of a `parallel`: which branch may begin, what has an order, and what opens it again.

mod started;

use runbook_model::decide::{Decision, decide};
use runbook_model::entry::{BranchFailure, End, Entry, Intent, ParallelEntered, Purpose, Record, Session};
use runbook_model::entry::{Source, VERSION};
use runbook_model::failure::Failure;
use runbook_model::id::{Attempt, Epoch, RunId, Seq};
use runbook_model::outcome::Outcome;
use runbook_model::path::StepPath;
use runbook_model::person::{Decider, From, Person};
use runbook_model::state::RunState;
use runbook_model::step::{Check, Location, StepKind, StepSpec};
use started::first;

fn person() -> Person {
    Person { name: "alice".to_owned(), host: "h".to_owned(), from: From::CommandLine }
}

fn all() -> StepPath {
    StepPath::root().child("all", 1)
}

fn branch(key: &str) -> StepPath {
    all().child(key, 1)
}

fn step(key: &str) -> StepPath {
    branch(key).child("look", 1)
}

fn spec() -> StepSpec {
    StepSpec { name: "look".to_owned(), kind: StepKind::Check(Check::default()) }
}

fn entered(items: &[&str], max: u32, max_failures: u32) -> Entry {
    let items = items.iter().map(|item| (*item).to_owned()).collect();
    Entry::ParallelEntered(Box::new(ParallelEntered { path: all(), items, max, max_failures, location: Location::default() }))
}

fn begun(key: &str) -> Entry {
    Entry::BranchEntered { path: branch(key) }
}

fn left(key: &str, failed: Option<Option<StepPath>>) -> Entry {
    let failed = failed.map(|step| BranchFailure { step, message: "no".to_owned() });
    Entry::BranchLeft { path: branch(key), millis: 1, failed }
}

fn over() -> Entry {
    Entry::ParallelLeft { path: all(), millis: 1 }
}

fn intended(path: &StepPath) -> Entry {
    Entry::StepIntended(Box::new(Intent {
        path: path.clone(),
        attempt: Attempt::FIRST,
        fingerprint: spec().fingerprint(),
        spec: spec(),
        change: None,
        owes: Vec::new(),
        location: Location::default(),
    }))
}

fn failed(path: &StepPath) -> Entry {
    let outcome = Outcome::Failed(Failure::LookFailed { message: "no".to_owned(), at: None });
    let end = End { path: path.clone(), attempt: Attempt::FIRST, outcome, millis: None, looks: None, observed: Vec::new() };
    Entry::StepEnded(Box::new(end))
}

/// A run with these entries behind its first two; or why one of them may not follow.
fn folded(entries: &[Entry]) -> Result<RunState, String> {
    let session = Session {
        purpose: Purpose::Exec,
        operator: person(),
        pid: 1,
        boot: "b".to_owned(),
        engine: "e".to_owned(),
        taken_over: None,
    };
    let sources = vec![Source { name: "r.rhai".to_owned(), digest: runbook_model::digest::Digest::ZERO }];
    let first = [first(sources).entry, Entry::SessionStarted(session)];
    let run: RunId = "01J0000000000000000000000A".parse().expect("an id");
    let record = |(seq, entry): (usize, &Entry)| Record {
        v: VERSION,
        run,
        seq: Seq(seq as u64),
        epoch: Epoch(1),
        at: jiff::Timestamp::UNIX_EPOCH,
        entry: entry.clone(),
    };
    let records: Vec<_> = first.iter().chain(entries).enumerate().map(record).collect();
    RunState::fold(&records).map(|state| state.expect("a run")).map_err(|illegal| illegal.why)
}

#[track_caller]
fn refused(entries: &[Entry], why: &str) {
    match folded(entries) {
        Err(found) => assert!(found.contains(why), "{found}"),
        Ok(_) => panic!("it may follow, and should not: {why}"),
    }
}

#[test]
fn no_more_branches_run_than_may_and_none_begins_behind_too_many_failures() {
    let two = [entered(&["a", "b", "c"], 2, 0), begun("a"), begun("b")];
    refused(&[&two[..], &[begun("c")]].concat(), "not more may");
    refused(&[&two[..], &[begun("a")]].concat(), "begun already");
    refused(&[&two[..], &[begun("x")]].concat(), "no item `x`");
    folded(&[&two[..], &[left("b", None), begun("c")]].concat()).unwrap();
    let failing = [&two[..], &[left("b", Some(None))]].concat();
    refused(&[&failing[..], &[begun("c")]].concat(), "too many have failed");
    refused(&[&failing[..], &[over()]].concat(), "still run");
    let ended = folded(&[&failing[..], &[left("a", None), over()]].concat()).unwrap();
    let parallel = &ended.parallels()[&all()];
    assert!(parallel.has_failed() && parallel.is_over() && !parallel.goes_on());
    assert_eq!(parallel.not_reached().collect::<Vec<_>>(), ["c"]);
    assert_eq!(parallel.line(), "1 of 3 items of `all` failed: b (no); 1 not reached");
}

#[test]
fn one_failure_that_may_be_keeps_nobody_back() {
    let entries = [entered(&["a", "b"], 1, 1), begun("a"), left("a", Some(None)), begun("b"), left("b", None)];
    refused(&[&entries[..4], &[over()]].concat(), "still run");
    assert!(!folded(&[&entries[..], &[over()]].concat()).unwrap().parallels()[&all()].has_failed());
}

#[test]
fn it_does_not_end_while_branches_may_begin_and_keys_are_there_once() {
    refused(&[entered(&["a", "b"], 1, 0), begun("a"), left("a", None), over()], "goes on");
    refused(&[entered(&["a", "b", "a"], 1, 0)], "twice");
    refused(&[entered(&["a"], 1, 0), entered(&["a"], 1, 0)], "entered already");
    refused(&[begun("a")], "no branch");
    refused(&[over()], "not entered");
    let inner = ParallelEntered { path: step("a"), items: vec![], max: 1, max_failures: 0, location: Location::default() };
    refused(&[entered(&["a"], 1, 0), Entry::ParallelEntered(Box::new(inner))], "branch of another");
}

#[test]
fn a_step_that_is_opened_again_opens_its_branch_and_those_that_failed_with_it_are_named() {
    let mut entries = vec![entered(&["a", "b", "c", "d"], 3, 1)];
    for key in ["a", "b", "c"] {
        entries.extend([begun(key), intended(&step(key)), failed(&step(key))]);
    }
    entries.extend([left("c", Some(Some(step("c")))), left("a", Some(Some(step("a")))), left("b", Some(None)), over()]);
    let state = folded(&entries).unwrap();
    assert_eq!(state.failed_together(&step("a")), [step("a"), step("c")], "in the order of the items");
    assert_eq!(state.failed_together(&step("b")), [step("b")], "which did not make its branch fail");
    for key in ["a", "c"] {
        entries.push(Entry::StepRetried { path: step(key), by: Decider::Person(person()) });
    }
    let state = folded(&entries).unwrap();
    let parallel = &state.parallels()[&all()];
    assert!(!parallel.is_over() && parallel.goes_on() && !parallel.has_left("a") && parallel.has_left("b"));
}

#[test]
fn order_is_asked_for_inside_a_branch_only() {
    let entries = [
        entered(&["a", "b"], 2, 0),
        begun("a"),
        begun("b"),
        intended(&step("a")),
        intended(&step("b")),
        Entry::PhaseEntered { path: branch("a").child("p", 1), budget: None },
    ];
    let state = folded(&entries).unwrap();
    assert!(state.are_concurrent(&step("a"), &step("b")));
    assert!(!state.are_concurrent(&step("a"), &branch("a").child("p", 1)));
    assert!(!state.are_concurrent(&step("a"), &StepPath::root().child("after", 1)));
    assert!(!state.are_concurrent(&all(), &step("a")));
    assert!(state.is_newest(&step("a")) && state.is_newest(&step("b")), "each in its branch");
    assert_eq!(state.branch_around(&branch("a").child("p", 1).child("x", 1)), Some(branch("a")));
    assert_eq!(state.branch_around(&branch("a")), Some(branch("a")));
    assert_eq!(state.branch_around(&StepPath::root().child("after", 1)), None);
    assert!(matches!(decide(&state, &branch("b").child("more", 1), &spec(), spec().fingerprint(), None), Decision::Perform(_)));
}

#[test]
fn an_edit_opens_what_the_script_itself_made_fail_unless_something_was_done_behind_it() {
    let base = [entered(&["a", "b"], 1, 0), begun("a"), intended(&step("a")), failed(&step("a")), left("a", Some(None)), over()];
    let adopted = Entry::Adopted { sources: Vec::new(), by: Decider::Person(person()) };
    let edited = folded(&[&base[..], std::slice::from_ref(&adopted)].concat()).unwrap();
    assert!(!edited.parallels()[&all()].is_over() && !edited.parallels()[&all()].has_left("a"));
    let later = intended(&StepPath::root().child("later", 1));
    let behind = folded(&[&base[..], &[later, adopted.clone()]].concat()).unwrap();
    assert!(behind.parallels()[&all()].is_over());
    // Other items, as long as those that have begun stay.
    folded(&[&base[..], &[adopted.clone(), entered(&["c", "a"], 5, 0)]].concat()).unwrap();
    refused(&[&base[..], &[adopted, entered(&["b", "c"], 5, 0)]].concat(), "`a` has begun");
}
