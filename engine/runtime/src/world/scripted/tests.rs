use std::time::Duration;

use runbook_model::answer::{Answer, Said};
use runbook_model::change::{FileBefore, FileRestore, FileWrite, Invocation};
use runbook_model::digest::Digest;
use runbook_model::entry::Intent;
use runbook_model::failure::Failure;
use runbook_model::id::Attempt;
use runbook_model::length::Length;
use runbook_model::observation::Observation;
use runbook_model::path::StepPath;
use runbook_model::step::{Confirm, Location, StepKind, StepSpec};
use tokio::sync::watch;

use super::*;
use crate::world::{Blind, Limits, Performed, Question, Reaction, Recovered, World};
use runbook_model::change::Change;

fn step(name: &str) -> StepPath {
    StepPath::root().child(name, 1)
}

fn run() -> Change {
    Change::Run(Invocation { argv: vec!["/bin/true".to_owned()], ..Invocation::default() })
}

fn unlimited() -> Limits {
    Limits { timeout: None, stop: watch::channel(false).1 }
}

fn intent(path: &StepPath) -> Intent {
    Intent {
        path: path.clone(),
        attempt: Attempt::FIRST,
        fingerprint: Digest::ZERO,
        spec: StepSpec { name: path.name().to_owned(), kind: StepKind::Confirm(Confirm::default()) },
        change: Some(run()),
        owes: Vec::new(),
        location: Location::default(),
    }
}

async fn make(world: &ScriptedWorld, name: &str, attempt: u32) -> Performed {
    world.make(&step(name), Attempt(attempt), &run(), None).await
}

#[tokio::test]
async fn answers_come_in_order_and_the_last_one_stays() {
    let world = ScriptedWorld::new().command("restart *", Act::exits(1)).command("restart *", Act::prints("up\n"));
    assert!(matches!(make(&world, "restart api", 1).await, Performed::Failed(Failure::Exited(_))));
    for attempt in [2, 3] {
        let done = make(&world, "restart api", attempt).await;
        assert!(matches!(done, Performed::Done(Answer::Exited(exited)) if exited.stdout.head.as_str() == Some("up\n")));
    }
    assert!(matches!(make(&world, "something else", 1).await, Performed::Done(_)), "commands succeed without a word");
    assert_eq!(world.ledger().count(&step("restart api")), 3);
    assert_eq!(world.ledger().done(), ["restart api", "restart api", "something else"]);
}

#[tokio::test]
async fn looks_confirms_and_time_follow_the_script() {
    let world = ScriptedWorld::new()
        .sees("tcp::open db", Sight::value(false))
        .sees("tcp::open db", Sight::value(true))
        .file("/etc/a", "1")
        .says("Which?", Said::Chose("blue".to_owned()));
    let tcp = Observation::Tcp { address: "db:5432".to_owned(), timeout: None };
    let started = world.now();
    assert_eq!(world.observe(&tcp).await, Sight::value(false).0.map_err(Blind::from));
    world.wait(Duration::from_secs(3600)).await;
    assert_eq!(world.observe(&tcp).await, Sight::value(true).0.map_err(Blind::from));
    assert_eq!((world.monotonic_millis(), (world.now() - started).get_seconds()), (3_600_000, 3_600));
    assert_eq!(
        world.observe(&Observation::ReadFile { path: "/etc/a".to_owned() }).await,
        Sight::content("1").0.map_err(Blind::from)
    );
    let unheard = world.observe(&Observation::ListDir { path: "/x".to_owned() }).await.unwrap_err();
    assert_eq!(unheard.to_string(), "fs::list /x: the test does not say what is seen here");
    let question = |name: &str| Question {
        path: step(name),
        text: name.to_owned(),
        confirm: Confirm::default(),
        shown: Digest::ZERO,
        left: None,
        shortage: None,
    };
    assert!(matches!(world.ask(&question("Which?")).await, Reaction::Answered { said: Said::Chose(blue), .. } if blue == "blue"));
    assert_eq!(world.ask(&question("Other?")).await, Reaction::Nobody);
}

#[tokio::test]
async fn files_change_and_come_back() {
    let world = ScriptedWorld::new().file("/etc/a", "old");
    let wanted = FileWrite { path: "/etc/a".to_owned(), content: "new".to_owned(), ..FileWrite::default() };
    let Ok(Change::Write(write)) = world.prepare(&Change::Write(wanted)).await else { panic!("not prepared") };
    assert!(matches!(&write.before, Some(FileBefore::Present { content, .. }) if content.as_str() == Some("old")));
    let restore = |write: &FileWrite| {
        Change::Restore(FileRestore {
            path: write.path.clone(),
            before: write.before.clone().unwrap(),
            written: Digest::of(write.content.as_bytes()),
            written_sealed: None,
        })
    };
    let path = step("configure");
    assert_eq!(world.make(&path, Attempt::FIRST, &Change::Write(write.clone()), None).await, Performed::Done(Answer::Written));
    assert_eq!(world.content("/etc/a").as_deref(), Some("new"));
    let back = path.rollback();
    assert_eq!(world.make(&back, Attempt::FIRST, &restore(&write), None).await, Performed::Done(Answer::Written));
    assert_eq!(world.content("/etc/a").as_deref(), Some("old"));
    let theirs = world.file("/etc/a", "theirs");
    let refused = theirs.make(&back, Attempt(2), &restore(&write), None).await;
    assert!(matches!(refused, Performed::Failed(Failure::File { .. })));
}

#[tokio::test]
async fn a_slow_command_is_stopped_at_its_timeout() {
    let world = ScriptedWorld::new().command("slow", Act::exits(0).takes(Duration::from_secs(60)));
    let stopped = world.make(&step("slow"), Attempt::FIRST, &run(), Some(Length::from_secs(5))).await;
    assert!(matches!(stopped, Performed::Failed(Failure::TimedOut { .. })));
    assert_eq!(world.monotonic_millis(), 5_000);
    assert!(matches!(world.make(&step("slow"), Attempt(2), &run(), None).await, Performed::Done(_)));
    assert_eq!(world.monotonic_millis(), 65_000);
}

/// Every moment of death, both ways: what the engine is told afterwards is what the ledger holds.
#[tokio::test]
async fn recovery_tells_what_really_happened() {
    let names = ["one", "two", "three"];
    for crash in [Crash::BeforeEffect, Crash::AfterEffect] {
        for at in 1..=names.len() {
            let world = ScriptedWorld::new().crash_at(at as u64, crash);
            let engine = async {
                for name in names {
                    make(&world, name, 1).await;
                }
            };
            tokio::select! {
                biased;
                () = engine => panic!("the engine outlived its crash"),
                () = world.crashed() => {}
            }
            let begun = if crash == Crash::AfterEffect { at } else { at - 1 };
            assert_eq!(world.ledger().done(), names[..begun]);
            let next = world.restarted();
            for (n, name) in names.iter().enumerate() {
                let recovered = next.recover(&intent(&step(name)), "boot", unlimited()).await;
                let ended = matches!(recovered, Recovered::Ended(Performed::Done(_)));
                assert_eq!(ended, n < begun, "{name} with {crash:?} at {at}: {recovered:?}");
            }
            let blind = next.recovery(Recovery::InDoubt);
            assert!(matches!(blind.recover(&intent(&step("one")), "boot", unlimited()).await, Recovered::InDoubt { .. }));
        }
    }
}
