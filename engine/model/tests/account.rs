//! The account of a run, and how two of them compare.

use runbook_model::account::{Account, Decided, Standing};
use runbook_model::comparison::{Comparison, Difference};
use runbook_model::entry::Record;
use serde_json::{Value, json};

/// A journal that is written by a test: one entry a second.
struct Book(Vec<Value>);

impl Book {
    fn new(params: Value) -> Self {
        let mut book = Self(Vec::new());
        book.put(json!({ "type": "run_started", "runbook": "r", "title": "R", "mode": "live", "params": params, "budget": "10s",
            "sources": [{ "name": "r.rhai", "digest": "a".repeat(64) }], "root": "/srv" }));
        book.session("exec");
        book
    }

    fn put(&mut self, entry: Value) -> &mut Self {
        let (seq, epoch) = (self.0.len(), self.epoch() + usize::from(entry["type"] == "session_started"));
        let at = format!("2026-11-21T03:{:02}:{:02}Z", seq / 60, seq % 60);
        let mut record = json!({ "v": 1, "run": "01M7XW1S5EPJGJG3XW6V4TWBQB", "seq": seq, "epoch": epoch.max(1), "at": at });
        let fields = entry.as_object().expect("an entry").clone();
        record.as_object_mut().expect("a record").extend(fields);
        self.0.push(record);
        self
    }

    fn epoch(&self) -> usize {
        self.0.iter().filter(|record| record["type"] == "session_started").count()
    }

    fn session(&mut self, purpose: &str) -> &mut Self {
        let operator = json!({ "name": "alice", "host": "ops", "from": "terminal" });
        self.put(json!({ "type": "session_started", "purpose": purpose, "operator": operator, "pid": 7, "boot": "b", "engine": "0.1.0" }))
    }

    fn intend(&mut self, path: &str, attempt: u32, argv: &[&str]) -> &mut Self {
        let run = json!({ "run": { "argv": argv } });
        let back = json!({ "run": { "argv": ["back"] } });
        let spec =
            json!({ "name": path, "kind": "command", "change": run, "rollback": { "changes": [back] }, "settled_by": true });
        self.put(json!({ "type": "step_intended", "path": path, "attempt": attempt, "fingerprint": "b".repeat(64), "spec": spec,
            "change": run, "owes": [back], "loc": { "file": "r.rhai", "line": 1, "column": 1 } }))
    }

    fn end(&mut self, path: &str, attempt: u32, outcome: Value) -> &mut Self {
        self.put(json!({ "type": "step_ended", "path": path, "attempt": attempt, "outcome": outcome, "millis": 40 }))
    }

    fn done(&mut self, path: &str, argv: &[&str], printed: &str) -> &mut Self {
        let digest = runbook_model::digest::Digest::of(printed.as_bytes());
        let stdout = json!({ "size": printed.len(), "digest": digest, "head": printed });
        self.intend(path, 1, argv).end(
            path,
            1,
            json!({ "succeeded": { "exited": { "status": { "code": 0 }, "stdout": stdout } } }),
        )
    }

    fn account(&self) -> Account {
        let records: Vec<Record> =
            self.0.iter().map(|record| serde_json::from_value(record.clone()).expect("a record")).collect();
        Account::of(&records).expect("an account")
    }
}

fn killed() -> Value {
    json!({ "failed": { "reason": "exited", "status": { "signal": 9 } } })
}

#[test]
fn every_attempt_is_kept_with_how_its_doubt_was_settled() {
    let mut book = Book::new(json!({}));
    book.intend("a", 1, &["a"]).end("a", 1, killed());
    assert_eq!(book.account().steps[0].standing, Standing::InDoubt);
    assert_eq!(book.account().doubtful.len(), 1);
    book.put(json!({ "type": "step_resolved", "path": "a", "attempt": 1, "verdict": "did_not", "by": "settled_by", "why": "it gave false" }));
    book.intend("a", 2, &["a"]).end("a", 2, json!({ "succeeded": "written" }));
    let account = book.account();
    let [step] = account.steps.as_slice() else { panic!("{:?}", account.steps) };
    assert_eq!((step.standing, step.attempts.len(), step.millis()), (Standing::Done, 2, Some(80)));
    assert_eq!(step.attempts[0].resolved.as_ref().map(|resolved| resolved.why.as_str()), Some("it gave false"));
    assert!(matches!(account.decisions[0].what, Decided::Resolved { .. }) && account.doubtful.is_empty());
    assert_eq!(account.owing, std::slice::from_ref(&step.path));
    assert_eq!(account.flaw, None);
}

#[test]
fn a_promise_is_measured_at_the_first_end_of_the_run() {
    let mut book = Book::new(json!({}));
    book.done("a", &["a"], "").put(json!({ "type": "session_ended", "status": "completed" }));
    let promise = |book: &Book| {
        let account = book.account();
        (account.promises[0].took, account.promises[0].is_broken())
    };
    assert_eq!(promise(&book), (Some(4_000), false));
    // A rollback long after does not break what was kept.
    for _ in 0..20 {
        book.session("rollback").put(json!({ "type": "session_ended", "status": "interrupted" }));
    }
    book.session("rollback").put(json!({ "type": "budget_broken", "path": "", "budget": "10s" }));
    assert_eq!(promise(&book), (Some(4_000), false));
}

#[test]
fn a_review_long_after_is_no_part_of_a_run() {
    let mut book = Book::new(json!({}));
    book.done("a", &["a"], "").put(json!({ "type": "session_ended", "status": "completed" }));
    let took = book.account().took();
    for _ in 0..20 {
        book.session("review").put(json!({ "type": "session_ended", "status": "completed" }));
    }
    assert_eq!(book.account().took(), took);
    book.session("rollback").put(json!({ "type": "session_ended", "status": "interrupted" }));
    assert_eq!(book.account().took(), 46_000, "a rollback is");
}

#[test]
fn a_journal_that_goes_wrong_has_an_account_up_to_there() {
    let mut book = Book::new(json!({}));
    book.done("a", &["a"], "").end("a", 1, killed()).done("b", &["b"], "");
    let account = book.account();
    assert_eq!((account.steps.len(), account.records), (1, 4));
    assert!(account.flaw.expect("a flaw").to_string().contains("step_ended"));
    assert!(serde_json::to_value(book.account()).expect("JSON")["flaw"].as_str().is_some());
}

#[test]
fn what_cannot_be_rolled_back_was_not() {
    let mut book = Book::new(json!({}));
    book.done("a", &["a"], "");
    // The author declared no way back.
    let last = book.0.len() - 2;
    book.0[last]["spec"].as_object_mut().expect("a spec").remove("rollback");
    book.put(json!({ "type": "rollback_started", "by": "runbook", "why": "w" }))
        .put(json!({ "type": "rollback_done", "path": "a" }));
    let account = book.account();
    assert_eq!((account.staying.len(), account.steps[0].rolled_back), (1, None));
    assert!(account.rollback.expect("a turn").done.is_empty());
}

#[test]
fn two_runs_differ_in_what_was_asked_and_printed_but_not_in_when() {
    let same = |left: &Book, right: &Book| Comparison::of(&left.account(), &right.account()).is_same();
    let mut one = Book::new(json!({}));
    one.done("a", &["a"], "x").done("c", &["c"], "");
    let mut other = Book::new(json!({}));
    other.done("a", &["a"], "x").session("resume").done("c", &["c"], "");
    assert!(same(&one, &one) && same(&one, &other), "another session is no difference");
    for (asked, printed) in [("a", "y"), ("b", "x")] {
        let mut other = Book::new(json!({}));
        other.done("a", &[asked], printed).done("b", &["b"], "").done("c", &["c"], "");
        let comparison = Comparison::of(&one.account(), &other.account());
        assert!(!comparison.is_same());
        let paths: Vec<_> = comparison.steps.iter().map(|step| (step.path.to_string(), step.left.is_some())).collect();
        assert_eq!(paths, [("a".to_owned(), true), ("b".to_owned(), false), ("c".to_owned(), true)]);
        let found = matches!(
            (asked, comparison.steps[0].differences.as_slice()),
            ("a", [Difference::Output { .. }]) | ("b", [Difference::Asked { .. }])
        );
        assert!(found, "{:?}", comparison.steps[0].differences);
    }
    let with = |value: &str| Book::new(json!({ "p": { "value": value, "origin": "typed" } }));
    assert!(!same(&with("1"), &with("2")) && same(&with("1"), &with("1")));
}
