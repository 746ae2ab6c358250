//! Engines and keepers that are killed.

use std::process::Stdio;
use std::time::Instant;

use runbook_model::answer::ExitStatus;
use runbook_model::length::Length;
use runbook_runtime::keeper::{Found, RunEnd};
use rustix::process::Signal;
use tokio::sync::watch;

use crate::place::{Place, block_on, eventually, exited, kill, kill_and_wait, lives, run, sh, signal, wait_gone};

crate::tests![
    a_command_survives_its_engine_and_is_followed_to_its_end,
    a_command_that_ended_alone_is_known,
    a_command_can_be_stopped_by_the_next_engine,
    the_last_breath_of_an_engine_counts,
    what_was_never_asked_for_was_never_begun,
    after_a_restart_of_the_machine_nothing_is_certain,
    a_command_that_outlives_its_keeper_is_an_orphan,
    a_command_that_dies_with_its_keeper_is_in_doubt,
    an_engine_whose_keeper_dies_says_what_is_known,
    the_next_command_gets_another_keeper,
    a_keeper_that_died_between_two_lines_of_its_ledger,
    an_orphan_is_found_past_a_later_keeper,
    a_command_whose_future_was_dropped_runs_on,
    whenever_they_die_nothing_is_claimed_that_is_not_so,
];

/// A command that waits for a file, so that a test says when it ends.
fn waits_for(place: &Place, file: &str) -> String {
    format!("echo first; while [ ! -e {}/{file} ]; do sleep 0.01; done; echo last; exit 7", place.dir.display())
}

fn let_go(place: &Place, file: &str) {
    std::fs::write(place.dir.join(file), "").expect("ours");
}

fn a_command_survives_its_engine_and_is_followed_to_its_end() {
    let place = Place::new();
    let mut engine = place.engine(1, &["/bin/sh", "-c", &waits_for(&place, "go")]);
    engine.heard_something();
    engine.kill();
    assert!(lives(place.command_pid(1)));

    let found = place.recover(2);
    assert!(matches!(found, Found::NeverBegun { .. }), "the keeper lives and knows nothing of it: {found:?}");
    let (_sender, stop) = watch::channel(false);
    let mut heard = Vec::new();
    let end = block_on(async {
        let boot = runbook_runtime::boot::boot_id().expect("Linux");
        let found = runbook_runtime::keeper::Keeper::recover(&place.dir, 1, &boot).await.expect("found out");
        let Found::Running(running) = found else { panic!("{found:?}") };
        running
            .wait(None, stop, None, |_, bytes| {
                heard.extend_from_slice(bytes);
                let_go(&place, "go");
            })
            .await
    });
    let RunEnd::Exited(exited) = end else { panic!("{end:?}") };
    assert_eq!((exited.status, heard), (ExitStatus::Code(7), b"first\nlast\n".to_vec()), "from the beginning, nothing twice");
}

fn a_command_that_ended_alone_is_known() {
    let place = Place::new();
    let mut engine = place.engine(1, &["/bin/sh", "-c", &waits_for(&place, "go")]);
    engine.heard_something();
    let keeper = place.keeper_pid();
    engine.kill();
    let_go(&place, "go");
    wait_gone(keeper);
    let Found::Ended(RunEnd::Exited(exited)) = place.recover(1) else { panic!("kept") };
    assert_eq!((exited.status, exited.stdout.head.0), (ExitStatus::Code(7), b"first\nlast\n".to_vec()));
    assert!(matches!(place.recover_since(1, "another boot"), Found::Ended(_)), "an end that was written stays true");
}

fn a_command_can_be_stopped_by_the_next_engine() {
    let place = Place::new();
    let mut engine = place.engine(1, &["/bin/sh", "-c", "echo first; exec sleep 1000"]);
    engine.heard_something();
    engine.kill();
    let (_sender, stop) = watch::channel(false);
    let end = block_on(async {
        let boot = runbook_runtime::boot::boot_id().expect("Linux");
        let found = runbook_runtime::keeper::Keeper::recover(&place.dir, 1, &boot).await.expect("found out");
        let Found::Running(running) = found else { panic!("{found:?}") };
        running.wait(Some(Length::from_millis(50)), stop, None, |_, _| ()).await
    });
    let RunEnd::TimedOut { receipt, exited } = end else { panic!("{end:?}") };
    assert_eq!((exited.status, receipt.stopped.len()), (ExitStatus::Signal(15), 1));
}

/// The engine asks while the keeper is stopped, and dies: the request is in the socket only, and must be found there.
fn the_last_breath_of_an_engine_counts() {
    let place = Place::new();
    let mut engine = place.engine_that_asks_again(2, &["/bin/sleep", "1000"]);
    engine.heard_something();
    signal(place.keeper_pid(), Signal::STOP);
    engine.ask_again();
    engine.kill();
    let found = block_on(async {
        let boot = runbook_runtime::boot::boot_id().expect("Linux");
        // The new engine is at the door before the keeper wakes up: it must not be answered first.
        let recover = runbook_runtime::keeper::Keeper::recover(&place.dir, 2, &boot);
        let wake = async { signal(place.keeper_pid(), Signal::CONT) };
        tokio::join!(biased; recover, wake).0.expect("found out")
    });
    assert!(matches!(found, Found::Running(_)), "{found:?}");
}

fn what_was_never_asked_for_was_never_begun() {
    let place = Place::new();
    assert!(matches!(place.recover(1), Found::NeverBegun { .. }), "no keeper, no directory");
    let keeper = place.keeper();
    block_on(exited(&keeper, 1, sh("true")));
    let pid = place.keeper_pid();
    kill_and_wait(pid);
    assert!(matches!(place.recover(2), Found::NeverBegun { .. }), "a dead keeper's ledger");
    assert!(matches!(place.recover(1), Found::Ended(_)));
}

fn after_a_restart_of_the_machine_nothing_is_certain() {
    let place = Place::new();
    assert!(matches!(place.recover_since(1, "another boot"), Found::InDoubt { .. }));
    let keeper = place.keeper();
    block_on(exited(&keeper, 1, sh("true")));
    let Found::InDoubt { known } = place.recover_since(2, "another boot") else { panic!("in doubt") };
    assert!(known.contains("restarted"), "{known}");
}

fn a_command_that_outlives_its_keeper_is_an_orphan() {
    let place = Place::new();
    let mut engine = place.engine(1, &["/bin/sh", "-c", "echo copied 3 of 7; exec sleep 1000"]);
    engine.heard_something();
    let pid = place.command_pid(1);
    engine.kill();
    kill_and_wait(place.keeper_pid());
    let known = block_on(async {
        let boot = runbook_runtime::boot::boot_id().expect("Linux");
        let found = runbook_runtime::keeper::Keeper::recover(&place.dir, 1, &boot).await.expect("found out");
        let Found::Orphan(orphan) = found else { panic!("{found:?}") };
        assert_eq!(orphan.process.pid, pid);
        assert!(orphan.known.contains("still lives") && orphan.known.contains("`copied 3 of 7`"), "{}", orphan.known);
        kill(pid);
        orphan.ended().await
    });
    assert!(known.contains("has ended since") && known.contains("`copied 3 of 7`"), "{known}");
    assert!(matches!(place.recover(1), Found::InDoubt { .. }));
}

fn a_command_that_dies_with_its_keeper_is_in_doubt() {
    let place = Place::new();
    let mut engine = place.engine(1, &["/bin/sh", "-c", "echo half; echo of it; exec sleep 1000"]);
    engine.heard_something();
    let pid = place.command_pid(1);
    eventually("both lines are on disk", || (place.file("1.stdout") == b"half\nof it\n").then_some(()));
    engine.kill();
    kill_and_wait(place.keeper_pid());
    kill_and_wait(pid);
    let Found::InDoubt { known } = place.recover(1) else { panic!("in doubt") };
    assert!(known.contains(&format!("as process {pid} (`sh`)")) && known.contains("does not run any more"), "{known}");
    assert!(known.ends_with("the last that it printed was `of it`"), "{known}");
}

fn an_engine_whose_keeper_dies_says_what_is_known() {
    let place = Place::new();
    let keeper = place.keeper();
    let (_sender, stop) = watch::channel(false);
    let end = block_on(keeper.run(1, sh("echo begun; exec sleep 1000"), None, stop, |_, _| kill(place.keeper_pid())));
    let RunEnd::KeeperLost { known } = end else { panic!("{end:?}") };
    assert!(known.contains("still lives") && known.contains("`begun`"), "{known}");
}

fn the_next_command_gets_another_keeper() {
    let place = Place::new();
    let keeper = place.keeper();
    block_on(async {
        exited(&keeper, 1, sh("true")).await;
        let first = place.keeper_pid();
        kill_and_wait(first);
        assert!(matches!(run(&keeper, 2, sh("true")).await, RunEnd::Exited(_)));
        assert_ne!(place.keeper_pid(), first);
    });
}

/// Engine and keeper are killed at moments that lie ever later, from before the keeper is there until after the end.
fn whenever_they_die_nothing_is_claimed_that_is_not_so() {
    let mut seen = std::collections::BTreeMap::<&str, u32>::new();
    let began = Instant::now();
    Place::new().engine(1, &["/bin/true"]).wait();
    let whole = began.elapsed();
    for round in 0..120_u32 {
        let (place, kills_keeper) = (Place::new(), round % 3 == 2);
        let proof = place.dir.parent().expect("a run").join("proof");
        let mut engine = place.engine(1, &["/bin/sh", "-c", &format!("echo x >>{}", proof.display())]);
        let asked = Instant::now();
        while asked.elapsed() < whole * round / 80 {
            std::hint::spin_loop();
        }
        engine.kill();
        let keeper = String::from_utf8(place.file("lock")).expect("text").trim().parse();
        if let (true, Ok(keeper)) = (kills_keeper, keeper) {
            kill_and_wait(keeper);
        }
        let (_sender, stop) = watch::channel(false);
        let (claim, times) = block_on(async {
            let boot = runbook_runtime::boot::boot_id().expect("Linux");
            match runbook_runtime::keeper::Keeper::recover(&place.dir, 1, &boot).await.expect("found out") {
                Found::NeverBegun { .. } => ("never begun", 0..=0),
                Found::Ended(RunEnd::Exited(exited)) if exited.status.is_success() => ("ended", 1..=1),
                Found::Running(running) => match running.wait(None, stop, None, |_, _| ()).await {
                    RunEnd::Exited(exited) if exited.status.is_success() => ("running", 1..=1),
                    other => panic!("{other:?}"),
                },
                Found::Orphan(orphan) if kills_keeper => {
                    orphan.ended().await;
                    ("in doubt", 0..=1)
                }
                Found::InDoubt { .. } if kills_keeper => ("in doubt", 0..=1),
                other => panic!("round {round}: {other:?}"),
            }
        });
        // What was never begun is not begun later either: the next command of the next keeper comes after it.
        block_on(exited(&place.keeper(), 2, sh("true")));
        let proofs = std::fs::read(&proof).unwrap_or_default().len() / 2;
        assert!(times.contains(&proofs), "round {round}: {claim}, but it happened {proofs} times");
        *seen.entry(claim).or_default() += 1;
    }
    assert!(seen.contains_key("never begun") && seen.contains_key("ended"), "the moments were not spread: {seen:?}");
}

/// `starting` is there and `begun` is not: only the marker can tell whether the command runs.
fn a_keeper_that_died_between_two_lines_of_its_ledger() {
    let place = Place::new();
    let keeper = place.keeper();
    block_on(exited(&keeper, 1, sh("true")));
    kill_and_wait(place.keeper_pid());
    let ledger = String::from_utf8(place.file("ledger.jsonl")).expect("text");
    let starting = ledger.lines().next().expect("a line").replace("\"key\":1", "\"key\":5");
    std::fs::write(place.dir.join("ledger.jsonl"), format!("{ledger}{starting}\n")).expect("ours");

    let mut command = std::process::Command::new("/bin/sleep")
        .arg("1000")
        .env("RUNBOOK_ATTEMPT", place.marker(5))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("sleep");
    let Found::Orphan(orphan) = place.recover(5) else { panic!("it lives") };
    assert_eq!(orphan.process.pid, command.id());
    command.kill().expect("ours");
    command.wait().expect("ours");
    let Found::InDoubt { known } = place.recover(5) else { panic!("in doubt") };
    assert!(known.starts_with("it was about to start at") && known.ends_with("it printed nothing"), "{known}");
}

fn an_orphan_is_found_past_a_later_keeper() {
    let place = Place::new();
    let mut engine = place.engine(1, &["/bin/sh", "-c", "echo begun; exec sleep 1000"]);
    engine.heard_something();
    let pid = place.command_pid(1);
    engine.kill();
    kill_and_wait(place.keeper_pid());
    let keeper = place.keeper();
    block_on(exited(&keeper, 2, sh("true")));
    let Found::Orphan(orphan) = place.recover(1) else { panic!("it lives") };
    assert_eq!(orphan.process.pid, pid);
    assert!(matches!(place.recover(3), Found::NeverBegun { .. }));
    block_on(exited(&keeper, 4, sh("true"))); // to be asked did no harm to the engine's own line
}

fn a_command_whose_future_was_dropped_runs_on() {
    let place = Place::new();
    let keeper = place.keeper();
    let (heard, mut hears) = watch::channel(false);
    let (_sender, stop) = watch::channel(false);
    block_on(async {
        let running = keeper.run(1, sh(&waits_for(&place, "go")), None, stop.clone(), |_, _| {
            heard.send_replace(true);
        });
        tokio::select! {
            end = running => panic!("{end:?}"),
            seen = hears.wait_for(|heard| *heard) => assert!(seen.is_ok()),
        }
        let boot = runbook_runtime::boot::boot_id().expect("Linux");
        let found = runbook_runtime::keeper::Keeper::recover(&place.dir, 1, &boot).await.expect("found out");
        let Found::Running(running) = found else { panic!("{found:?}") };
        let_go(&place, "go");
        let RunEnd::Exited(exited) = running.wait(None, stop, None, |_, _| ()).await else { panic!("followed") };
        assert_eq!(exited.status, ExitStatus::Code(7));
    });
}
