//! Programs that are started ahead of their commands.

use std::fs;

use runbook_model::answer::Exited;
use runbook_runtime::keeper::{Found, Job, Keeper};

use crate::place::{Place, block_on, eventually, exited, job, kill_and_wait, lives, wait_gone};

crate::tests![
    the_next_of_its_kind_is_given_to_whoever_waits,
    what_is_not_of_its_kind_gets_a_process_of_its_own,
    one_that_died_while_it_waited_is_given_nothing,
    nobody_who_waits_was_left_behind_by_a_command,
    whoever_waits_in_vain_is_let_go_and_was_left_behind_by_nobody,
    whoever_waits_goes_with_the_engine,
    whoever_waits_goes_with_a_keeper_that_is_killed,
    a_command_of_somebody_who_waited_is_an_orphan_like_any_other,
];

const BEGINNING: &str = "the same for all\n";

/// A program that does nothing before it has read all of its input. It says who it is, and what it has read.
const READER: &str = r#"
read -r first
rest=
while read -r line || [ -n "$line" ]; do rest=$rest$line; line=; done
if [ -n "$rest" ]; then echo "$$ $first: $rest"; eval "$rest"; fi
"#;

fn reader(rest: &str) -> Job {
    let mut job = job(&["/bin/sh", "-c", READER]);
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

/// Those that the keeper of a place has started ahead, by their marks; there must be so many.
fn waiting(place: &Place, count: usize) -> Vec<u32> {
    let mark = format!("RUNBOOK_ATTEMPT={}", place.marker(0).trim_end_matches('0'));
    let is_marked = |pid: &u32| {
        let environ = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        String::from_utf8_lossy(&environ).contains(&format!("{mark}ahead-"))
    };
    eventually("they wait", || {
        let processes = fs::read_dir("/proc").expect("Linux").filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
        let found: Vec<u32> = processes.filter(is_marked).filter(|pid| lives(*pid)).collect();
        (found.len() == count).then_some(found)
    })
}

/// A keeper that has run a first command, and whoever waits for the second.
fn begun(place: &Place) -> (Keeper, u32) {
    let keeper = place.keeper();
    said(&block_on(exited(&keeper, 1, reader(":"))), ":");
    (keeper, waiting(place, 1)[0])
}

fn the_next_of_its_kind_is_given_to_whoever_waits() {
    let place = Place::new();
    let (keeper, mut ready) = begun(&place);
    for key in 2..6 {
        let rest = format!(": {key}");
        assert_eq!(said(&block_on(exited(&keeper, key, reader(&rest))), &rest), ready);
        let next = waiting(&place, 1)[0];
        assert_ne!(next, ready);
        ready = next;
    }
    assert!(matches!(place.recover(5), Found::Ended(_)));
}

fn what_is_not_of_its_kind_gets_a_process_of_its_own() {
    let place = Place::new();
    let (keeper, ready) = begun(&place);
    let mut others: Vec<Job> = (0..4).map(|_| reader(": x")).collect();
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
    assert_eq!(said(&block_on(exited(&keeper, 9, reader(": x"))), ": x"), ready);
}

fn one_that_died_while_it_waited_is_given_nothing() {
    let place = Place::new();
    let (keeper, ready) = begun(&place);
    kill_and_wait(ready);
    assert_ne!(said(&block_on(exited(&keeper, 2, reader(": x"))), ": x"), ready);
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
    let waits = format!("while [ ! -e {}/go ]; do sleep 0.01; done", place.dir.display());
    block_on(async {
        let run = exited(&keeper, 2, reader(&waits));
        // The request is on its way when the first poll returns.
        assert!(tokio::time::timeout(std::time::Duration::ZERO, run).await.is_err());
    });
    assert_eq!(place.command_pid(2), ready);
    kill_and_wait(place.keeper_pid());
    let Found::Orphan(orphan) = place.recover(2) else { panic!("it lives") };
    assert_eq!(orphan.process.pid, ready);
    fs::write(place.dir.join("go"), "").expect("ours");
    wait_gone(ready);
}
