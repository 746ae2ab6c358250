//! A disk on which the keeper finds no room while the journal still has what was set aside for it.

use crate::mount::Namespace;
use crate::support::{Place, Ran};

/// What a command runs that takes all the room there is.
const FILL: &str = "cat /dev/zero > .runbook/filler 2> /dev/null; true";

fn on_a_small_disk(test: &str, source: &str) -> Option<(Namespace, Place)> {
    let namespace = Namespace::open(test)?;
    let place = Place::with(source);
    let mounted = namespace.shell(&place, "mkdir -m 700 .runbook; mount -t tmpfs -o size=2m,mode=700 none .runbook");
    assert_eq!(mounted.code, Some(0), "{mounted}");
    Some((namespace, place))
}

/// What the namespace has of a journal: nobody else sees that disk.
fn journal(namespace: &Namespace, place: &Place) -> Vec<serde_json::Value> {
    let text = namespace.shell(place, "cat .runbook/runs/*/journal.jsonl").out;
    text.lines().map(|line| serde_json::from_str(line).expect("a record")).collect()
}

fn resume(namespace: &Namespace, place: &Place) -> Ran {
    namespace.shell(place, &format!("{} resume", env!("CARGO_BIN_EXE_runbook")))
}

/// The commands are short: the pages that are left to the keeper are full before the room that the journal has set aside.
#[test]
fn a_command_that_the_keeper_cannot_write_down_is_not_started_and_has_not_failed() {
    let source = format!(
        r#"command("a", #{{ run: ["sh", "-c", "echo a >> ledger"], rollback: ["sh", "-c", "echo back a >> ledger"] }});
        command("fill", #{{ run: ["sh", "-c", "echo fill >> ledger; {FILL}"], rollback: "nothing" }});
        for n in range(0, 40) {{
            command(`step ${{n}}`, #{{
                run: ["sh", "-c", `echo ${{n}} >> ledger`], retry: #{{ times: 2 }}, idempotent: true, rollback: "nothing",
            }});
        }}"#
    );
    let Some((namespace, place)) = on_a_small_disk("a full disk at the keeper", &source) else { return };
    let stopped = namespace.expect(&place, 130, &["exec", "main"]);
    stopped.says(&["cannot write in `", "No space left on device", "was not started", "this directory is on the file system"]);
    stopped
        .says(&["(none, tmpfs): ", " free of 2 MiB", "no other was begun", "next: runbook resume"])
        .is_silent_about(&["FAILED"]);
    let done = place.ledger();
    assert!(done.len() > 2 && done.len() < 42, "{done:?}");
    let records = journal(&namespace, &place);
    let count = |wanted: &dyn Fn(&serde_json::Value) -> bool| records.iter().filter(|record| wanted(record)).count();
    assert_eq!(count(&|it| it["type"] == "step_ended" && it["outcome"]["succeeded"].is_object()), done.len());
    assert_eq!(count(&|it| it["type"] == "step_ended" && it["outcome"]["failed"].is_object()), 0, "nothing failed but the disk");
    assert_eq!(count(&|it| it["type"] == "step_retried"), 0, "nor is it tried again, which would meet the same disk");
    let told = records.iter().find(|it| it["type"] == "step_resolved").expect("it is on record that nothing was done");
    assert!(told["verdict"] == "did_not" && told["by"] == "evidence", "{told}");
    assert_eq!(records.last().expect("an end")["status"], "interrupted");
    // Still full: still the same, and nothing is run.
    let again = resume(&namespace, &place);
    assert!(again.code == Some(130) && again.err.contains("No space left"), "{again}");
    assert_eq!(place.ledger(), done);
    namespace.shell(&place, "rm .runbook/filler");
    let resumed = resume(&namespace, &place);
    assert_eq!(resumed.code, Some(0), "{resumed}");
    let wanted: Vec<_> = ["a", "fill"].map(str::to_owned).into_iter().chain((0..40).map(|n| n.to_string())).collect();
    assert_eq!(place.ledger(), wanted, "each once");
    namespace.expect(&place, 0, &["verify"]);
}

/// The way back needs the keeper as well: without room it is not stuck, but broken off.
#[test]
fn a_rollback_that_the_keeper_cannot_write_down_is_not_stuck() {
    let source = format!(
        r#"runbook(#{{ title: "Test", owner: "team", on_failure: "rollback" }});
        command("fill", #{{ run: ["sh", "-c", "{FILL}"], rollback: "nothing" }});
        for n in range(0, 5) {{
            command(`step ${{n}}`, #{{ run: ["true"], rollback: ["sh", "-c", `echo back ${{n}} >> ledger`] }});
        }}
        check("well", || false);"#
    );
    let Some((namespace, place)) = on_a_small_disk("a full disk on the way back", &source) else { return };
    let stopped = namespace.expect(&place, 130, &["exec", "main"]);
    stopped.says(&["cannot write in `", "was not started", "next: runbook resume"]).is_silent_about(&["stuck"]);
    let done = place.ledger().len();
    assert!(done < 5, "the way back met the full disk: {done}");
    namespace.shell(&place, "rm .runbook/filler");
    let resumed = resume(&namespace, &place);
    assert_eq!(resumed.code, Some(6), "{resumed}");
    let wanted: Vec<_> = (0..5).rev().map(|n| format!("back {n}")).collect();
    assert_eq!(place.ledger(), wanted, "each once, newest first");
}

/// The step has succeeded: only what it printed is not there as a whole.
#[test]
fn what_the_disk_did_not_take_of_the_output_is_said_with_its_size() {
    let loud = r#"command("loud", #{ run: ["sh", "-c", "yes x | head -c 100000"], output: "2KiB", rollback: "nothing" });"#;
    let source = format!(r#"command("fill", #{{ run: ["sh", "-c", "{FILL}"], rollback: "nothing" }}); {loud}"#);
    let Some((namespace, place)) = on_a_small_disk("lost output", &source) else { return };
    let ran = namespace.shell(&place, &format!("{} exec main", env!("CARGO_BIN_EXE_runbook")));
    ran.says(&["2048 bytes of standard output could not be kept in a file: No space left on device"]);
    let records = journal(&namespace, &place);
    let end = records.iter().find(|it| it["type"] == "step_ended" && it["path"] == "loud").expect("an end");
    let exited = &end["outcome"]["succeeded"]["exited"];
    assert_eq!((&exited["stdout"]["size"], &exited["unkept"][0]["bytes"]), (&100_000.into(), &2048.into()), "{end}");
    let run = end["run"].as_str().expect("an id");
    let shown = namespace.expect(&place, 0, &["show", run, "loud"]);
    assert!(shown.out.contains("2048 bytes of standard output could not be kept"), "{shown}");
}

/// The output of the command takes all the room there is, and neither the journal nor the ledger can write its end down. The
/// keeper has it in memory, and lives until there is room.
#[test]
fn an_end_that_nobody_could_write_down_is_told_by_the_living_keeper() {
    let source = r#"
        command("a", #{ run: ["sh", "-c", "echo a >> ledger"], rollback: "nothing" });
        command("loud", #{ run: ["sh", "-c", "echo loud >> ledger; yes x | head -c 5000000"], rollback: "nothing" });
        command("b", #{ run: ["sh", "-c", "echo b >> ledger"], rollback: "nothing" });"#;
    let Some((namespace, place)) = on_a_small_disk("an end without room", source) else { return };
    let stopped = namespace.expect(&place, 130, &["exec", "main"]);
    stopped.says(&["No space left on device", "of `loud` the end is not written down", "runbook resume"]);
    assert_eq!(place.ledger(), ["a", "loud"]);
    let grown = namespace.shell(&place, "mount -o remount,size=20m .runbook");
    assert_eq!(grown.code, Some(0), "{grown}");
    let resumed = resume(&namespace, &place);
    assert_eq!(resumed.code, Some(0), "{resumed}");
    resumed.says(&["bytes of standard output could not be kept in a file: No space left on device"]);
    assert_eq!(place.ledger(), ["a", "loud", "b"], "each once, and nobody had to say so");
    namespace.expect(&place, 0, &["verify"]);
}
