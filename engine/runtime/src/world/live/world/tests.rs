//! Commands and files, for real.

use std::cell::RefCell;
use std::rc::Rc;

use runbook_model::answer::{Answer, ExitStatus};
use runbook_model::change::{FileBefore, FileWrite};
use runbook_model::digest::Digest;
use runbook_model::length::Length;
use runbook_model::step::{Command, Location, StepKind, StepSpec};
use tokio::sync::watch;

use super::*;
use crate::world::Absent;
use crate::world::live::processes::plain::PlainProcesses;

fn world(root: &std::path::Path) -> LiveWorld {
    let site = Site::new("01J0000000000000000000000A".parse().unwrap(), root);
    LiveWorld::new(site, Box::new(PlainProcesses), Box::new(Absent))
}

fn run(argv: &[&str]) -> Change {
    Change::Run(Invocation { argv: argv.iter().map(|&word| word.to_owned()).collect(), ..Invocation::default() })
}

fn unlimited() -> Limits {
    Limits { timeout: None, stop: watch::channel(false).1 }
}

fn intent(path: &StepPath, change: &Change) -> Intent {
    let command = Command::new(change.clone());
    Intent {
        path: path.clone(),
        attempt: Attempt::FIRST,
        fingerprint: Digest::ZERO,
        spec: StepSpec { name: path.name().to_owned(), kind: StepKind::Command(Box::new(command)) },
        change: Some(change.clone()),
        owes: Vec::new(),
        location: Location::default(),
    }
}

#[tokio::test]
async fn a_command_runs_where_and_with_what_it_should() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("sub")).unwrap();
    let heard = Rc::new(RefCell::new(Vec::new()));
    let sink = Rc::clone(&heard);
    let world = world(dir.path()).with_sink(Box::new(move |progress| sink.borrow_mut().push(progress)));
    let path = StepPath::root().child("look around", 1);
    let Change::Run(mut invocation) = run(&["sh", "-c", "pwd; echo \"$COLOUR $CARGO\"; cat"]) else { unreachable!() };
    invocation.cwd = Some("sub".to_owned());
    invocation.env.insert("COLOUR".to_owned(), "green".to_owned());
    invocation.stdin = Some("from stdin".to_owned());
    let prepared = world.prepare(&Change::Run(invocation)).await.unwrap();
    let Change::Run(ref invocation) = prepared else { panic!("another kind") };
    assert!(invocation.argv[0].starts_with('/'), "{invocation:?}");
    let Performed::Done(Answer::Exited(exited)) = world.make(&path, Attempt::FIRST, &prepared, unlimited()).await else {
        panic!("not done")
    };
    let wanted = format!("{}\ngreen \nfrom stdin", dir.path().canonicalize().unwrap().join("sub").display());
    assert_eq!(exited.stdout.head.as_str(), Some(wanted.as_str()), "cargo's own variables must not get through");
    assert_eq!(*heard.borrow(), [Progress::Output { path, stderr: false, bytes: wanted.into_bytes() }]);
}

#[tokio::test]
async fn failures_say_how_a_command_ended() {
    let world = world(std::path::Path::new("/"));
    let path = StepPath::root().child("fail", 1);
    let make = async |change: Change, limits: Limits| {
        let change = world.prepare(&change).await.unwrap();
        match world.make(&path, Attempt::FIRST, &change, limits).await {
            Performed::Failed(failure) => failure,
            other => panic!("{other:?}"),
        }
    };
    let failed = make(run(&["sh", "-c", "exit 4"]), unlimited()).await;
    assert!(matches!(failed, Failure::Exited(exited) if exited.status == ExitStatus::Code(4)));
    let failed = make(run(&["sh", "-c", "kill -9 $$"]), unlimited()).await;
    assert!(failed.effect_is_open() && failed.line() == "killed by SIGKILL (9)");
    let limits = Limits { timeout: Some(Length::from_millis(30)), ..unlimited() };
    assert!(matches!(make(run(&["sleep", "600"]), limits).await, Failure::TimedOut { .. }));
    let (stop, stopped) = watch::channel(false);
    let (failed, ()) = tokio::join!(make(run(&["sleep", "600"]), Limits { timeout: None, stop: stopped }), async {
        stop.send(true).unwrap();
    });
    assert!(matches!(failed, Failure::Stopped { .. }));
}

#[tokio::test]
async fn what_can_never_start_is_refused_before_the_intent() {
    let world = world(std::path::Path::new("/"));
    let Change::Run(mut astray) = run(&["true"]) else { unreachable!() };
    astray.cwd = Some("/no/such/place".to_owned());
    for (change, words) in [
        (run(&["true\0"]), "NUL"),
        (run(&[]), "no program"),
        (run(&["no-such-program-here"]), "PATH"),
        (Change::Run(astray), "`/no/such/place` does not exist"),
    ] {
        let line = world.prepare(&change).await.unwrap_err().line();
        assert!(line.contains(words), "{line}");
    }
}

#[tokio::test]
async fn a_write_is_recovered_from_the_file_itself() {
    let dir = tempfile::tempdir().unwrap();
    let world = world(dir.path());
    let path = StepPath::root().child("configure", 1);
    let wanted = FileWrite { path: "a.conf".to_owned(), content: "x".to_owned(), ..FileWrite::default() };
    let change = world.prepare(&Change::Write(wanted)).await.unwrap();
    assert!(matches!(&change, Change::Write(write) if write.before == Some(FileBefore::Absent)));
    let intent = intent(&path, &change);
    assert!(matches!(world.recover(&intent, "boot", unlimited()).await, Recovered::NeverBegun { .. }));
    let done = Performed::Done(Answer::Written);
    assert_eq!(world.make(&path, Attempt::FIRST, &change, unlimited()).await, done);
    assert_eq!(world.recover(&intent, "boot", unlimited()).await, Recovered::Ended(done));
}
