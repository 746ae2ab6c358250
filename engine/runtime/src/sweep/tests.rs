//! Generated runbooks through the same sweep, and proof that the sweep can fail.

mod branches;
mod generated;
mod written;

use std::collections::BTreeMap;

use runbook_model::digest::Digest;
use runbook_model::entry::{Mode, RunStarted, Source};

use super::{Baseline, Subject, Swept, crash_matrix, fail_each_step, repeat_each_step};
use crate::script::{Pinned, Program};
use crate::world::ScriptedWorld;
use crate::world::scripted::Sight;

/// A runbook of this text in the world that `world` makes.
fn subject(head: &str, body: &str, world: impl Fn() -> ScriptedWorld + 'static) -> Subject {
    let text = format!("let p = runbook(#{{ title: \"t\"{head} }});\n{body}");
    let files = Pinned(BTreeMap::from([("main.rhai".to_owned(), text.clone())]));
    let program = Program::load(&files, "main.rhai").unwrap_or_else(|error| panic!("{error}\n{text}"));
    let declaration = program.describe().unwrap_or_else(|error| panic!("{error}\n{text}"));
    let started = RunStarted {
        runbook: "main".to_owned(),
        title: declaration.title,
        owner: None,
        mode: Mode::Live,
        env: None,
        params: BTreeMap::new(),
        settings: serde_json::Map::new(),
        budget: None,
        on_failure: declaration.on_failure,
        sources: vec![Source { name: "main.rhai".to_owned(), digest: Digest::of(text.as_bytes()) }],
        provenance: None,
        root: "/".to_owned(),
        groups: BTreeMap::new(),
        hosts: BTreeMap::new(),
        alert: None,
        unsealed: Some("a test".to_owned()),
        protected: false,
        gate: None,
        outlook: Default::default(),
        locks: Default::default(),
    };
    let world = move || world().agrees().sees("clock::now", Sight::value("2026-01-01T00:00:00Z"));
    Subject { program, started, world: Box::new(world) }
}

fn swept(subject: &Subject) -> Swept {
    let baseline = Baseline::of(subject).unwrap_or_else(|error| panic!("{error}\n{}", subject.program.sources()[0].1));
    let mut swept = fail_each_step(subject, &baseline).expect("a place to run");
    swept += repeat_each_step(subject, &baseline).expect("a place to run");
    swept += crash_matrix(subject, &baseline).expect("a place to run");
    swept
}

#[track_caller]
fn clean(subject: &Subject) -> Swept {
    let swept = swept(subject);
    assert!(swept.violations.is_empty(), "{}", first(subject, &swept));
    swept
}

fn first(subject: &Subject, swept: &Swept) -> String {
    let violation = &swept.violations[0];
    format!(
        "{} of {} runs did what must not be; the first:\n{}\n{}\nexpected:\n  {}\nfound:\n  {}\nrunbook:\n{}",
        swept.violations.len(),
        swept.boundaries,
        violation.disturbed,
        violation.why,
        violation.expected.join("\n  "),
        violation.found.join("\n  "),
        subject.program.sources()[0].1,
    )
}
