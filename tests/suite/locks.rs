//! Locks between runs: one after the other, and nobody begins on what another run has left half-done.

use std::process::Stdio;

use crate::support::Place;

/// A runbook that wants the lock `api`, with these steps.
fn locked(steps: &str) -> String {
    format!("runbook(#{{ title: \"T\", owner: \"o\", lock: \"api\" }});\n{steps}")
}

fn effect(name: &str) -> String {
    format!(
        "command(\"{name}\", #{{ run: [\"sh\", \"-c\", \"echo {name} >> ledger\"], rollback: [\"sh\", \"-c\", \"echo back {name} >> ledger\"] }});\n"
    )
}

/// A command that takes as long as the test wants.
const SLOW: &str = r#"command("slow", #{ run: ["sh", "-c", "echo > began; cat go > /dev/null; echo slow >> ledger"], rollback: "nothing" });
"#;
const GATE: &str = r#"command("gate", #{ run: ["test", "-e", "open"], rollback: "nothing" });
"#;

/// `main` fails at a gate under the lock, and `other` wants the same lock.
fn kept() -> (Place, String) {
    let place = Place::with(&locked(&(effect("a") + GATE)));
    place.runbook("other", &locked(&effect("b")));
    place.expect(1, &["exec", "main"]);
    let run = place.newest_run();
    (place, run)
}

fn at_work(place: &Place) -> std::process::Child {
    place.fifo("began");
    place.fifo("go");
    let child = place.command(&["exec", "main"]).stderr(Stdio::null()).spawn().expect("the binary starts");
    place.wait_for("began");
    child
}

#[test]
fn the_second_waits_and_is_told_for_whom() {
    let place = Place::with(&locked(SLOW));
    place.runbook("other", &locked(&effect("b")));
    let mut first = at_work(&place);
    let run = place.newest_run();
    let mut second = place.terminal(&["exec", "other"]);
    second.until("waiting for the lock `api`").until(&run).until("`main`").until(&format!("pid {}", first.id()));
    place.write("go", "");
    second.end().with(0).says(&["has the lock `api`", "completed", "gives the lock `api` back"]);
    assert!(first.wait().expect("it ends").success());
    assert_eq!(place.ledger(), ["slow", "b"]);
    let entries = place.entries();
    assert_eq!(entries[..3], ["run_started", "session_started", "lock_taken"]);
    assert_eq!(entries[entries.len() - 2..], ["lock_released", "session_ended"]);
    place.expect(0, &["verify"]);
}

#[test]
fn who_does_not_want_to_wait_leaves_and_nothing_was_run() {
    let place = Place::with(&locked(SLOW));
    place.runbook("other", &locked(&effect("b")));
    let mut first = at_work(&place);
    let run = place.newest_run();
    let mut second = place.terminal(&["exec", "other"]);
    second.until("waiting for the lock `api`").keys("\x03");
    second.end().with(130).says(&["nothing was run"]);
    assert_eq!(place.newest_run(), run, "a run that waits has not begun");
    place.write("go", "");
    assert!(first.wait().expect("it ends").success());
    assert_eq!(place.ledger(), ["slow"]);
}

#[test]
fn lock_wait_bounds_the_wait() {
    let place = Place::with(&locked(SLOW));
    place.runbook("other", &locked(&effect("b")).replace("lock:", "lock_wait: \"50ms\", lock:"));
    let mut first = at_work(&place);
    place.expect(10, &["exec", "other"]).says(&["`api`", "not free within 50ms", &place.newest_run()]);
    place.write("go", "");
    assert!(first.wait().expect("it ends").success());
    assert_eq!(place.ledger(), ["slow"]);
}

#[test]
fn a_run_that_failed_keeps_its_lock_until_it_is_completed() {
    let (place, run) = kept();
    let refused = place.expect(10, &["exec", "other"]);
    refused.says(&["`api`", &run, "failed", "`main`", &format!("runbook abandon {run} --why")]);
    assert_eq!(place.ledger(), ["a"]);
    place.write("open", "");
    place.expect(0, &["resume"]);
    place.expect(0, &["exec", "other"]);
    assert_eq!(place.ledger(), ["a", "b"]);
}

#[test]
fn a_run_that_is_rolled_back_frees_its_lock() {
    let (place, run) = kept();
    place.expect(6, &["rollback", &run]);
    place.expect(0, &["exec", "other"]);
    assert_eq!(place.ledger(), ["a", "back a", "b"]);
}

#[test]
fn a_run_that_is_given_up_frees_its_lock_and_says_what_stays() {
    let (place, run) = kept();
    place.expect(2, &["abandon", &run]);
    place.expect(2, &["abandon", &run, "--why", " "]).says(&["reason"]);
    place.expect(0, &["abandon", &run, "--why", "mended by hand"]).says(&["abandoned", "mended by hand", "stays as it is: a"]);
    place.expect(10, &["resume", &run]).says(&["abandoned already"]);
    place.expect(10, &["rollback", &run]);
    place.expect(10, &["abandon", &run, "--why", "again"]);
    place.expect(0, &["runs"]).says(&["abandoned"]);
    assert!(place.git(&["log", "-1", "--first-parent", "--format=%s", "main"]).contains("abandoned"));
    place.expect(0, &["verify"]);
    place.expect(0, &["exec", "other"]);
    assert_eq!(place.ledger(), ["a", "b"]);
}

#[test]
fn a_run_whose_process_died_keeps_its_lock_and_its_command_is_waited_for() {
    let place = Place::with(&locked(SLOW));
    place.runbook("other", &locked(&effect("b")));
    let mut first = at_work(&place);
    let run = place.newest_run();
    first.kill().expect("kill -9");
    first.wait().expect("it is gone");
    place.expect(10, &["exec", "other"]).says(&["its process died", &format!("runbook resume {run}")]);
    // To give it up is to wait for the command that still runs: under the lock, it ends.
    let giving_up =
        place.command(&["abandon", &run, "--why", "enough"]).stderr(Stdio::null()).spawn().expect("the binary starts");
    place.write("go", "");
    assert!(giving_up.wait_with_output().expect("it ends").status.success());
    place.expect(0, &["exec", "other"]);
    assert_eq!(place.ledger(), ["slow", "b"]);
}

#[test]
fn the_lock_of_a_phase_is_free_behind_it() {
    let place = Place::with(&("phase(\"P\", #{ lock: [\"api\", \"db\"] }, || {\n".to_owned() + &effect("a") + "});\n" + SLOW));
    place.runbook("other", &locked(&effect("b")));
    let mut first = at_work(&place);
    place.expect(0, &["exec", "other"]);
    place.write("go", "");
    assert!(first.wait().expect("it ends").success());
    assert_eq!(place.ledger(), ["a", "b", "slow"]);
}

#[test]
fn a_phase_that_cannot_have_its_lock_stops_the_run_and_can_be_gone_on_with() {
    let (place, run) = kept();
    let phased = effect("before") + "phase(\"P\", #{ lock: \"api\" }, || {\n" + &effect("in") + "});\n";
    place.runbook("phased", &phased);
    place.expect(10, &["exec", "phased"]).says(&["`api`", &run]);
    let phased = place.newest_run();
    assert_eq!(place.ledger(), ["a", "before"]);
    place.expect(0, &["abandon", &run, "--why", "mended by hand"]);
    place.expect(0, &["resume", &phased]);
    assert_eq!(place.ledger(), ["a", "before", "in"]);
}

#[test]
fn a_rollback_takes_the_locks_of_the_phases_again() {
    let place = Place::with(&("phase(\"P\", #{ lock: \"api\" }, || {\n".to_owned() + &effect("a") + "});\n"));
    place.expect(0, &["exec", "main"]);
    let completed = place.newest_run();
    place.runbook("other", &locked(&(effect("b") + GATE)));
    place.expect(1, &["exec", "other"]);
    let failed = place.newest_run();
    place.expect(10, &["rollback", &completed]).says(&["`api`", &failed]);
    assert_eq!(place.ledger(), ["a", "b"]);
    place.expect(6, &["rollback", &failed]);
    place.expect(6, &["rollback", &completed]);
    assert_eq!(place.ledger(), ["a", "b", "back b", "back a"]);
}

/// Each has one lock and wants the other's: the younger run gives way, and can be rolled back for the older one.
#[test]
fn two_runs_that_wait_for_each_other_do_not_wait_for_ever() {
    let crossed = |first: &str, second: &str, name: &str| {
        let slow = format!(
            "command(\"{name}\", #{{ run: [\"sh\", \"-c\", \"echo > began-{name}; cat go-{name} > /dev/null; echo {name} >> ledger\"], rollback: \"nothing\" }});"
        );
        format!(
            "phase(\"A\", #{{ lock: \"{first}\" }}, || {{\n{slow}\nphase(\"B\", #{{ lock: \"{second}\" }}, || {{ {} }});\n}});\n",
            effect(&format!("{name}-both"))
        )
    };
    let place = Place::with(&crossed("api", "db", "old"));
    place.runbook("other", &crossed("db", "api", "new"));
    ["began-old", "go-old", "began-new", "go-new"].iter().for_each(|name| place.fifo(name));
    let mut old = place.terminal(&["exec", "main"]);
    place.wait_for("began-old");
    let older = place.newest_run();
    let new = place.terminal(&["exec", "other"]);
    place.wait_for("began-new");
    let younger = place.newest_run();
    place.write("go-old", "");
    old.until("waiting for the lock `db`").until(&younger);
    place.write("go-new", "");
    new.end().with(10).says(&["the lock `api`", &older, "waits for a lock of this run"]);
    // Its lock is kept, as that of every run that stopped half-way: the older one is told so at once.
    old.end().with(10).says(&["the lock `db` is kept by", &younger]);
    place.expect(6, &["rollback", &younger]);
    place.expect(0, &["resume", &older]);
    assert_eq!(place.ledger(), ["old", "new", "old-both"]);
}

#[test]
fn a_rehearsal_needs_no_lock() {
    let (place, _) = kept();
    place.expect(0, &["exec", "other", "--dry-run"]);
}

#[test]
fn names_are_checked_before_anything_runs() {
    for (head, said) in [
        ("lock: \"../x\"", "no name for a lock"),
        ("lock: [\"a\", \"\"]", "no name for a lock"),
        ("lock: 7", "a name or a list of names"),
        ("lock_wait: \"5m\"", "without `lock`"),
        ("lokc: \"a\"", "did you mean `lock`"),
    ] {
        let place = Place::with(&format!("runbook(#{{ title: \"T\", owner: \"o\", {head} }});\n{}", effect("a")));
        place.expect(2, &["exec", "main"]).says(&[said]);
        assert_eq!(place.ledger(), Vec::<String>::new());
    }
}

#[test]
fn a_rollback_needs_no_lock_of_a_phase_that_the_run_never_entered() {
    let (place, _) = kept();
    let block = "command(\"before\", #{ run: [\"sh\", \"-c\", \"echo before >> ledger\"], rollback: || {\n".to_owned()
        + "command(\"back\", #{ run: [\"sh\", \"-c\", \"echo back before >> ledger\"], rollback: \"nothing\" }); } });\n"
        + "phase(\"P\", #{ lock: \"api\" }, || {\n"
        + &effect("in")
        + "});\n";
    place.runbook("phased", &block);
    place.expect(10, &["exec", "phased"]);
    place.expect(6, &["rollback", &place.newest_run()]);
    assert_eq!(place.ledger(), ["a", "before", "back before"]);
}
