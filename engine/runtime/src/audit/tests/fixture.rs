//! Journals of invented runs, an archive in a directory of its own, and the real `git`.

use std::path::{Path, PathBuf};
use std::process::Command;

use jiff::{SignedDuration, Timestamp};
use runbook_model::answer::{Answer, ExitStatus, Exited};
use runbook_model::chain::{self, Head};
use runbook_model::change::{Change, Invocation};
use runbook_model::digest::Digest;
use runbook_model::entry::{End, Entry, Intent, Purpose, Record, Session, Source, VERSION};
use runbook_model::excerpt::Excerpt;
use runbook_model::id::{Attempt, Epoch, RunId};
use runbook_model::outcome::Outcome;
use runbook_model::path::StepPath;
use runbook_model::person::{Decider, From, Person};
use runbook_model::status::RunStatus;
use runbook_model::step::{self, Location, RollbackPlan, StepKind, StepSpec};

use crate::audit::{Archive, Founding, Journal, Seal, SourceText};

pub(super) const NOON: &str = "2026-03-04T12:00:00Z";
pub(super) const SCRIPT: &str = "phase(\"Switch\");\ncommand(\"deploy\", [\"deploy\"]);\n";

pub(super) fn noon() -> Timestamp {
    NOON.parse().unwrap()
}

/// The n-th run; all of them started at noon.
pub(super) fn run(n: u128) -> RunId {
    RunId::from_parts(noon().as_millisecond().unsigned_abs(), n)
}

/// The directory of that run.
pub(super) fn directory(run: RunId) -> String {
    format!("runs/2026/03/04/{run}")
}

/// A journal as it grows.
#[derive(Clone)]
pub(super) struct Ledger {
    pub run: RunId,
    pub bytes: Vec<u8>,
    pub head: Head,
    epoch: u32,
    pub at: Timestamp,
}

impl Ledger {
    pub(super) fn begin(run: RunId, runbook: &str, env: Option<&str>) -> Self {
        let mut ledger = Self { run, bytes: Vec::new(), head: Head::EMPTY, epoch: 1, at: noon() };
        // From JSON, so that a field that the model adds with a default does not concern the archive.
        let started = serde_json::from_value(serde_json::json!({
            "runbook": runbook,
            "title": "Roll the API back",
            "mode": "live",
            "env": env,
            "params": {},
            "sources": sources().iter().map(|text| (&text.name, Digest::of(text.text.as_bytes())))
                .map(|(name, digest)| serde_json::json!({ "name": name, "digest": digest })).collect::<Vec<_>>(),
            "root": "/srv/books",
        }));
        ledger.write(Entry::RunStarted(started.unwrap()));
        ledger.session("alice")
    }

    pub(super) fn session(mut self, name: &str) -> Self {
        self.write(Entry::SessionStarted(Session {
            purpose: Purpose::Exec,
            operator: Person { name: name.to_owned(), host: "ops1".to_owned(), from: From::Terminal },
            pid: 42,
            boot: "b".to_owned(),
            engine: "0.1.0".to_owned(),
            taken_over: None,
        }));
        self
    }

    pub(super) fn resumed(mut self, name: &str) -> Self {
        self.epoch += 1;
        self.session(name)
    }

    /// A command that printed something.
    pub(super) fn command(mut self, name: &str, stdout: &[u8]) -> Self {
        let path = StepPath::root().child(name, 1);
        let change = Change::Run(Invocation { argv: vec!["deploy".to_owned()], ..Invocation::default() });
        let spec = StepSpec {
            name: name.to_owned(),
            kind: StepKind::Command(Box::new(step::Command {
                rollback: RollbackPlan::Nothing,
                ..step::Command::new(change.clone())
            })),
        };
        self.write(Entry::StepIntended(Box::new(Intent {
            path: path.clone(),
            attempt: Attempt::FIRST,
            fingerprint: spec.fingerprint(),
            spec,
            change: Some(change),
            owes: Vec::new(),
            location: Location::default(),
        })));
        self.write(Entry::StepEnded(Box::new(End {
            path,
            attempt: Attempt::FIRST,
            outcome: Outcome::Succeeded(Answer::Exited(Exited {
                status: ExitStatus::Code(0),
                stdout: Excerpt::of(stdout),
                stderr: Excerpt::default(),
                millis: 5,
                left_running: Vec::new(),
                unkept: Vec::new(),
            })),
            millis: Some(5),
            looks: None,
            observed: Vec::new(),
        })));
        self
    }

    pub(super) fn adopted(mut self, sources: &[SourceText]) -> Self {
        let source = |text: &SourceText| Source { name: text.name.clone(), digest: Digest::of(text.text.as_bytes()) };
        self.write(Entry::Adopted { sources: sources.iter().map(source).collect(), by: Decider::Runbook });
        self
    }

    pub(super) fn ended(mut self, status: RunStatus) -> Self {
        self.write(Entry::SessionEnded { status });
        self
    }

    pub(super) fn write(&mut self, entry: Entry) {
        let record = Record { v: VERSION, run: self.run, seq: self.head.next, epoch: Epoch(self.epoch), at: self.at, entry };
        let (line, head) = chain::encode(self.head, &record);
        self.bytes.extend_from_slice(&line);
        self.bytes.push(b'\n');
        self.head = head;
        self.at = self.at.checked_add(SignedDuration::from_millis(700)).unwrap();
    }

    pub(super) fn seal(&self, reason: &str) -> Seal {
        Seal {
            run: self.run,
            journal: Journal::Bytes(self.bytes.clone()),
            sources: sources(),
            at: self.at,
            reason: reason.to_owned(),
        }
    }
}

/// A run that did two steps and completed.
pub(super) fn completed(n: u128) -> Ledger {
    Ledger::begin(run(n), "rollback-api", Some("production"))
        .command("deploy", b"deployed\n")
        .command("look", b"all well\n")
        .ended(RunStatus::Completed)
}

pub(super) fn sources() -> Vec<SourceText> {
    [("runbooks/rollback-api.rhai", SCRIPT), ("std/http.rhai", "// none\n")]
        .map(|(name, text)| SourceText { name: name.to_owned(), text: text.to_owned() })
        .to_vec()
}

/// A state directory with an archive in it.
pub(super) struct Place {
    pub state: tempfile::TempDir,
}

impl Place {
    pub(super) fn new() -> Self {
        Self { state: tempfile::tempdir().unwrap() }
    }

    pub(super) fn path(&self) -> PathBuf {
        self.state.path().join("audit.git")
    }

    pub(super) fn open(&self) -> Archive {
        Archive::open(&self.path(), Some(&Founding { at: noon(), host: "ops1".to_owned() })).unwrap()
    }

    /// What the real `git` says.
    pub(super) fn git(&self, arguments: &[&str]) -> String {
        git(&self.path(), arguments)
    }

    /// A bare clone, made by the real `git`.
    pub(super) fn clone_bare(&self) -> PathBuf {
        let clone = self.state.path().join("clone.git");
        git(self.state.path(), &["clone", "--quiet", "--bare", "--no-local", "audit.git", "clone.git"]);
        clone
    }
}

/// The real `git`, with nobody's configuration.
pub(super) fn git(directory: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .args(["-c", "safe.directory=*"])
        .args(arguments)
        .current_dir(directory)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .env("HOME", directory)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "git {arguments:?}: {}{}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout)
}
