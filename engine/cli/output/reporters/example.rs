//! Hand-made records for tests of whatever reads them.

use std::cell::{Cell, RefCell};
use std::io::{self, Write};
use std::path::Path;
use std::rc::Rc;

use jiff::Timestamp;
use runbook_model::Value;
use runbook_model::answer::{Answer, ExitStatus, Exited, Said};
use runbook_model::change::{Change, FileBefore, FileWrite, HttpCall, Invocation};
use runbook_model::digest::Digest;
use runbook_model::entry::{End, Entry, Intent, Mode, Purpose, Record, RunStarted, Session, Source, VERSION};
use runbook_model::excerpt::Excerpt;
use runbook_model::failure::Failure;
use runbook_model::id::{Attempt, Epoch, RunId, Seq};
use runbook_model::outcome::{Observed, Outcome};
use runbook_model::parameter::{Given, Origin};
use runbook_model::path::StepPath;
use runbook_model::person::{Decider, From, Person};
use runbook_model::status::RunStatus;
use runbook_model::step::{Check, Command, Confirm, Location, OnFailure, RollbackPlan, StepKind, StepSpec};

use crate::output::reporters::Clock;

/// Something to write on that can be read afterwards.
#[derive(Default, Clone)]
pub(crate) struct Paper(Rc<RefCell<Vec<u8>>>);

impl Paper {
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.borrow().clone()).expect("reporters write UTF-8")
    }
}

impl Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Compares with a file in `snapshots/`. `BLESS=1 cargo test` writes them anew, for `git diff` to judge.
pub(crate) fn same(told: &str, name: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("engine/cli/output/reporters/snapshots").join(name);
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, told).expect("snapshots can be written");
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(told == kept, "{name} tells something else now:\n{told}");
}

/// A clock that is moved by hand.
pub(crate) fn hand_clock() -> (Clock, Rc<Cell<u64>>) {
    let hand = Rc::new(Cell::new(0));
    let clock = Rc::clone(&hand);
    (Box::new(move || clock.get()), hand)
}

/// Writes records, one second apart, from 2026-11-21 03:00:00 UTC on.
pub(crate) struct Example {
    mode: Mode,
    seq: u64,
}

impl Example {
    pub(crate) fn live() -> Self {
        Self { mode: Mode::Live, seq: 0 }
    }

    pub(crate) fn path(name: &str) -> StepPath {
        match name.split_once('/') {
            Some((phase, name)) => StepPath::root().child(phase, 1).child(name, 1),
            None => StepPath::root().child(name, 1),
        }
    }

    pub(crate) fn person() -> Person {
        Person { name: "alice".to_owned(), host: "ops-1".to_owned(), from: From::Terminal }
    }

    pub(crate) fn record(&mut self, entry: Entry) -> Record {
        let seq = self.seq;
        self.seq += 1;
        let at: Timestamp = "2026-11-21T03:00:00Z".parse().expect("a timestamp");
        let at = Timestamp::from_millisecond(at.as_millisecond() + i64::try_from(seq).expect("small") * 1_000).expect("in range");
        Record { v: VERSION, run: RunId::from_parts(1_795_230_000_000, 7), seq: Seq(seq), epoch: Epoch(1), at, entry }
    }

    pub(crate) fn opening(&mut self) -> Vec<Record> {
        let given = |value: &str, origin| Given { value: Value::from(value), origin };
        let started = RunStarted {
            runbook: "rollback-api".to_owned(),
            title: "Roll back the API".to_owned(),
            owner: None,
            mode: self.mode,
            env: Some("production".to_owned()),
            params: [("service".to_owned(), given("api", Origin::Typed)), ("to".to_owned(), given("", Origin::Fallback))].into(),
            settings: serde_json::Map::new(),
            budget: "2m".parse().ok(),
            locks: Default::default(),
            on_failure: OnFailure::Stop,
            sources: vec![Source { name: "runbooks/rollback-api.rhai".to_owned(), digest: Digest::of(b"source") }],
            provenance: None,
            root: "/srv/ops".to_owned(),
            groups: std::collections::BTreeMap::new(),
            hosts: std::collections::BTreeMap::new(),
            alert: None,
            unsealed: None,
            protected: false,
            gate: None,
            outlook: Default::default(),
        };
        let session = Session {
            purpose: Purpose::Exec,
            operator: Self::person(),
            pid: 4711,
            boot: "boot".to_owned(),
            engine: "0.1.0".to_owned(),
            taken_over: None,
        };
        vec![self.record(Entry::RunStarted(Box::new(started))), self.record(Entry::SessionStarted(session))]
    }

    pub(crate) fn intend(&mut self, path: StepPath, kind: StepKind, change: Option<Change>, owes: Vec<Change>) -> Record {
        let spec = StepSpec { name: path.name().to_owned(), kind };
        self.record(Entry::StepIntended(Box::new(Intent {
            path,
            attempt: Attempt::FIRST,
            fingerprint: spec.fingerprint(),
            spec,
            change,
            owes,
            location: Location { file: "runbooks/rollback-api.rhai".to_owned(), line: 12, column: 5 },
        })))
    }

    pub(crate) fn intend_run(&mut self, name: &str, argv: &[&str]) -> Record {
        self.intend_change(Self::path(name), run(argv), RollbackPlan::Undeclared, Vec::new())
    }

    pub(crate) fn intend_change(&mut self, path: StepPath, change: Change, rollback: RollbackPlan, owes: Vec<Change>) -> Record {
        let command = Command { rollback, ..Command::new(change.clone()) };
        self.intend(path, StepKind::Command(Box::new(command)), Some(change), owes)
    }

    pub(crate) fn end(&mut self, path: StepPath, outcome: Outcome, observed: Vec<Observed>) -> Record {
        let looks = (observed.len() > 1).then(|| u32::try_from(observed.len()).expect("few"));
        let end = End {
            path,
            attempt: Attempt::FIRST,
            outcome,
            millis: Some(1_240),
            looks,
            observed: observed.into_iter().take(1).collect(),
        };
        self.record(Entry::StepEnded(Box::new(end)))
    }

    pub(crate) fn check(&mut self, name: &str, outcome: Outcome) -> [Record; 2] {
        let path = Self::path(name);
        [self.intend(path.clone(), StepKind::Check(Check::default()), None, Vec::new()), self.end(path, outcome, Vec::new())]
    }

    /// A check, a confirm, a command; then one that fails, and the way back.
    pub(crate) fn failing_and_rolled_back() -> Vec<Record> {
        let mut example = Self::live();
        let mut records = example.opening();
        records.extend(example.check("a release is current", Outcome::Succeeded(Answer::Value(Value::from("r7")))));
        let question = StepPath::root().child("Roll api back from r7 to r6?", 1);
        records.push(example.intend(question.clone(), StepKind::Confirm(Confirm::default()), None, Vec::new()));
        records.push(example.record(Entry::ConfirmAnswered {
            path: question.clone(),
            said: Said::Yes,
            by: Decider::Person(Self::person()),
            shown: Digest::of(b"shown"),
            note: None,
        }));
        records.push(example.end(question, Outcome::Succeeded(Answer::Said(Said::Yes)), Vec::new()));
        let phase = StepPath::root().child("Switch", 1);
        records.push(example.record(Entry::PhaseEntered { path: phase, budget: "1m".parse().ok() }));
        let link = Self::path("Switch/point the link at r6");
        let back = run(&["ln", "-sfn", "releases/r7", "current"]);
        let rollback = RollbackPlan::Changes(vec![back.clone()]);
        records.push(example.intend_change(
            link.clone(),
            run(&["ln", "-sfn", "releases/r6", "current"]),
            rollback,
            vec![back.clone()],
        ));
        records.push(example.end(link.clone(), Outcome::Succeeded(Answer::Exited(exited(0, b"", b""))), Vec::new()));
        let restart = Self::path("Switch/restart the service");
        records.push(example.intend_change(
            restart.clone(),
            run(&["systemctl", "restart", "api"]),
            RollbackPlan::Nothing,
            Vec::new(),
        ));
        let output = exited(3, b"stopping\n", b"\x1b[31mJob failed\x1b[0m\n\x1b]0;owned\x07see journalctl\n");
        let observed = Observed { what: "http::get http://127.0.0.1:1/".to_owned(), saw: "status 502".to_owned(), millis: 3 };
        records.push(example.end(restart, Outcome::Failed(Failure::Exited(output)), vec![observed]));
        records.push(
            example.record(Entry::RollbackStarted { by: Decider::Person(Self::person()), why: "it does not start".to_owned() }),
        );
        let below = link.rollback();
        records.push(example.intend_change(below.clone(), back, RollbackPlan::Undeclared, Vec::new()));
        records.push(example.end(below, Outcome::Succeeded(Answer::Exited(exited(0, b"", b""))), Vec::new()));
        records.push(example.record(Entry::RollbackDone { path: link }));
        records.push(example.record(Entry::SessionEnded { status: RunStatus::RolledBack }));
        records
    }

    /// One of each: verified, withheld (a file, a request), unknown.
    pub(crate) fn rehearsal() -> Vec<Record> {
        let mut example = Self { mode: Mode::Rehearsal, seq: 0 };
        let mut records = example.opening();
        records.extend(example.check("a release is current", Outcome::Succeeded(Answer::Value(Value::from("r7")))));
        let file = FileWrite {
            path: "/etc/api.toml".to_owned(),
            content: "port = 80\nlevel = \"info\"\n".to_owned(),
            mode: Some(0o640),
            before: Some(FileBefore::Present {
                digest: Digest::of(b"port = 80\nlevel = \"debug\"\n"),
                mode: 0o640,
                content: "port = 80\nlevel = \"debug\"\n".into(),
            }),
            ..FileWrite::default()
        };
        let path = Self::path("write the configuration");
        records.push(example.intend_change(path.clone(), Change::Write(file), RollbackPlan::Restore, Vec::new()));
        records.push(example.end(path, Outcome::Withheld { assumed: None }, Vec::new()));
        let call = HttpCall {
            method: "POST".to_owned(),
            url: "http://127.0.0.1:1/drain".to_owned(),
            headers: [("x-team".to_owned(), "api".to_owned())].into(),
            json: Some(serde_json::json!({ "host": "a" })),
            ..HttpCall::default()
        };
        let path = Self::path("drain the host");
        records.push(example.intend_change(path.clone(), Change::Http(call), RollbackPlan::Undeclared, Vec::new()));
        records.push(example.end(path, Outcome::Withheld { assumed: Some(Value::from("drained")) }, Vec::new()));
        let because = "it depends on changes that were withheld; now it saw false".to_owned();
        records.extend(example.check("the API is healthy", Outcome::Unknown { because }));
        records.push(example.record(Entry::SessionEnded { status: RunStatus::Rehearsed { unknown: 1 } }));
        records
    }
}

pub(crate) fn run(argv: &[&str]) -> Change {
    Change::Run(Invocation { argv: argv.iter().map(|word| (*word).to_owned()).collect(), ..Invocation::default() })
}

fn exited(code: i32, stdout: &[u8], stderr: &[u8]) -> Exited {
    Exited {
        status: ExitStatus::Code(code),
        stdout: Excerpt::of(stdout),
        stderr: Excerpt::of(stderr),
        millis: 1_200,
        left_running: Vec::new(),
        unkept: Vec::new(),
    }
}
