//! Programs that are started ahead of their commands.

use std::fs;

use runbook_model::answer::Exited;
use runbook_runtime::keeper::{Found, Job, Keeper};

use crate::place::{Place, block_on, eventually, exited, job, kill_and_wait, lives, wait_gone};

crate::tests![
    the_next_of_its_kind_is_given_to_whoever_waits,
    whoever_waits_hears_the_end_of_the_beginning_behind_the_end_of_the_command_before,
    what_is_not_of_its_kind_gets_a_process_of_its_own,
    one_that_died_while_it_waited_is_given_nothing,
    nobody_who_waits_was_left_behind_by_a_command,
    whoever_waits_in_vain_is_let_go_and_was_left_behind_by_nobody,
    whoever_waits_goes_with_the_engine,
    whoever_waits_goes_with_a_keeper_that_is_killed,
    a_command_of_somebody_who_waited_is_an_orphan_like_any_other,
];

const BEGINNING: &str = "the same for all\n";

/// A program that does nothing but to say that it is there before it has read all of its input. It says who it is, and what it has read.
const READER: &str = r#"
read -r first || exit 0
echo $$ >> "$1/opened"
rest=
while read -r line || [ -n "$line" ]; do rest=$rest$line; line=; done
if [ -n "$rest" ]; then echo "$$ $first: $rest"; eval "$rest"; fi
"#;

/// Its environment is empty: nobody can tell by that where it comes from, as it is with a program that keeps its memory to itself.
fn reader(place: &Place, rest: &str) -> Job {
    let dir = place.dir.display().to_string();
    let mut job = job(&["/usr/bin/env", "-i", "/bin/sh", "-c", READER, "sh", &dir]);
    (job.stdin, job.ahead) = (Some(format!("{BEGINNING}{rest}")), Some(BEGINNING.to_owned()));
    job
}

/// The process of a reader, by what it said.
fn said(exited: &Exited, rest: &str) -> u32 {
    let said = String::from_utf8(exited.stdout.head.0.clone()).expect("text");
    assert!(exited.left_running.is_empty(), "{exited:?}");
    let (pid, text) = said.split_once(' ').unwrap_or_else(|| panic!("{exited:?}"));
    assert_eq!(text, format!("the same for all: {rest}\n"));
    pid.parse().expect("a number")
}

/// Those who have read the beginning.
fn opened(place: &Place) -> Vec<u32> {
    String::from_utf8(place.file("opened")).expect("numbers").lines().map(|line| line.parse().expect("a number")).collect()
}

/// The one reader of a place that is a child of its keeper, but for these.
fn waiting(place: &Place, others: &[u32]) -> u32 {
    eventually("it waits", || {
        let keeper = place.keeper_pid();
        let children = fs::read_to_string(format!("/proc/{keeper}/task/{keeper}/children")).ok()?;
        let is_reader = |pid: &u32| fs::read_to_string(format!("/proc/{pid}/cmdline")).is_ok_and(|line| line.contains("$first"));
        let found: Vec<u32> = children.split_whitespace().filter_map(|pid| pid.parse().ok()).filter(is_reader).collect();
        let found: Vec<u32> = found.into_iter().filter(|pid| lives(*pid) && !others.contains(pid)).collect();
        (found.len() == 1).then(|| found[0])
    })
}

/// A keeper that has run a first command, and whoever waits for the second.
fn begun(place: &Place) -> (Keeper, u32) {
    let keeper = place.keeper();
    said(&block_on(exited(&keeper, 1, reader(place, ":"))), ":");
    (keeper, waiting(place, &[]))
}

fn the_next_of_its_kind_is_given_to_whoever_waits() {
    let place = Place::new();
    let (keeper, mut ready) = begun(&place);
    for key in 2..6 {
        let rest = format!(": {key}");
        assert_eq!(said(&block_on(exited(&keeper, key, reader(&place, &rest))), &rest), ready);
        let next = waiting(&place, &[]);
        assert_ne!(next, ready);
        ready = next;
    }
    assert!(matches!(place.recover(5), Found::Ended(_)));
}

fn whoever_waits_hears_the_end_of_the_beginning_behind_the_end_of_the_command_before() {
    let place = Place::new();
    let keeper = place.keeper();
    let waits = format!("while [ ! -e {}/go ]; do sleep 0.01; done", place.dir.display());
    block_on(async {
        keeper.make_ready().await;
        let first = exited(&keeper, 1, reader(&place, &waits));
        tokio::pin!(first);
        // The request is on its way when the first poll returns.
        assert!(tokio::time::timeout(std::time::Duration::ZERO, &mut first).await.is_err());
        let begun = place.command_pid(1);
        let next = waiting(&place, &[begun]);
        eventually("it has begun", || (opened(&place) == [begun]).then_some(()));
        fs::write(place.dir.join("go"), "").expect("ours");
        assert_eq!(said(&first.await, &waits), begun);
        eventually("the next one has heard", || (opened(&place) == [begun, next]).then_some(()));
        assert_eq!(said(&exited(&keeper, 2, reader(&place, ":")).await, ":"), next);
    });
}

fn what_is_not_of_its_kind_gets_a_process_of_its_own() {
    let place = Place::new();
    let (keeper, ready) = begun(&place);
    let mut others: Vec<Job> = (0..4).map(|_| reader(&place, ": x")).collect();
    others[0].stdin = Some("the same for all: no\n: x".to_owned());
    others[1].argv.push("another".to_owned());
    others[2].env.insert("ANOTHER".to_owned(), "x".to_owned());
    others[3].cwd = "/tmp".into();
    for (key, mut other) in (2..).zip(others) {
        other.ahead = None;
        let exited = block_on(exited(&keeper, key, other));
        let text = String::from_utf8(exited.stdout.head.0).expect("text");
        assert!(!text.starts_with(&format!("{ready} ")), "{key}: {text}");
    }
    assert!(lives(ready));
    assert_eq!(said(&block_on(exited(&keeper, 9, reader(&place, ": x"))), ": x"), ready);
}

fn one_that_died_while_it_waited_is_given_nothing() {
    let place = Place::new();
    let (keeper, ready) = begun(&place);
    kill_and_wait(ready);
    assert_ne!(said(&block_on(exited(&keeper, 2, reader(&place, ": x"))), ": x"), ready);
}

fn nobody_who_waits_was_left_behind_by_a_command() {
    let place = Place::new();
    let (keeper, ready) = begun(&place);
    let plain = block_on(exited(&keeper, 2, job(&["/bin/true"])));
    assert!(plain.left_running.is_empty(), "{plain:?}");
    let leaves = block_on(exited(&keeper, 3, job(&["/bin/sh", "-c", "sleep 60 >/dev/null 2>&1 </dev/null & echo $!"])));
    let pid: u32 = String::from_utf8_lossy(&leaves.stdout.head.0).trim().parse().expect("a number");
    kill_and_wait(pid);
    assert_eq!(leaves.left_running.iter().map(|process| process.pid).collect::<Vec<_>>(), [pid]);
    assert!(lives(ready));
}

fn whoever_waits_in_vain_is_let_go_and_was_left_behind_by_nobody() {
    let place = Place::new();
    let (keeper, ready) = begun(&place);
    // It takes ten seconds, in which the keeper has nothing else to wake up for.
    wait_gone(ready);
    let plain = block_on(exited(&keeper, 2, job(&["/bin/true"])));
    assert!(plain.left_running.is_empty(), "{plain:?}");
}

fn whoever_waits_goes_with_the_engine() {
    let place = Place::new();
    let (keeper, ready) = begun(&place);
    drop(keeper);
    wait_gone(ready);
}

fn whoever_waits_goes_with_a_keeper_that_is_killed() {
    let place = Place::new();
    let (_keeper, ready) = begun(&place);
    kill_and_wait(place.keeper_pid());
    wait_gone(ready);
}

fn a_command_of_somebody_who_waited_is_an_orphan_like_any_other() {
    let place = Place::new();
    let (keeper, ready) = begun(&place);
    let dir = place.dir.display();
    let waits = format!("echo > {dir}/at_work; while [ ! -e {dir}/go ]; do sleep 0.01; done");
    block_on(async {
        let run = exited(&keeper, 2, reader(&place, &waits));
        // The request is on its way when the first poll returns.
        assert!(tokio::time::timeout(std::time::Duration::ZERO, run).await.is_err());
    });
    // The ledger names it before it has its input, and without that it would end.
    eventually("it has its input", || place.dir.join("at_work").exists().then_some(()));
    assert_eq!(place.command_pid(2), ready);
    kill_and_wait(place.keeper_pid());
    let Found::Orphan(orphan) = place.recover(2) else { panic!("it lives") };
    assert_eq!(orphan.process.pid, ready);
    fs::write(place.dir.join("go"), "").expect("ours");
    wait_gone(ready);
}
