//! `last` in place of a run's id.

use crate::support::Place;

#[test]
fn every_verb_takes_the_newest_run_by_that_name_and_hints_keep_the_id() {
    let place = Place::with(
        r#"
        command("a", #{ run: ["sh", "-c", "echo a >> ledger"], rollback: ["sh", "-c", "echo back >> ledger"] });
        confirm("Go on?");
        "#,
    );
    place.expect(0, &["exec", "main", "--yes"]);
    let first = place.newest_run();
    place.expect(4, &["exec", "main"]);
    let run = place.newest_run();
    assert_ne!(run, first);
    place.expect(0, &["show", "last"]).says(&[&run, &format!("runbook answer {run}")]);
    place.expect(0, &["report", "LAST"]).says(&[&run]);
    place.expect(0, &["diff", &first, "last"]).says(&[&first, &run]);
    place.expect(4, &["answer", "last"]).says(&["Go on?"]);
    place.expect(0, &["answer", "last", "--yes"]);
    place.expect(0, &["verify", "last"]).says(&["verified: 1 run"]);
    place.expect(0, &["verify", "--repo", ".runbook/audit.git", "last"]).says(&["verified: 1 run"]);
    place.expect(0, &["resume", "last"]).says(&["completed", &format!("runbook rollback {run}")]);
    place.expect(0, &["test", "--record", "last"]);
    place.expect(0, &["seal", "last"]);
    place.expect(6, &["rollback", "last"]);
    assert_eq!(place.ledger(), ["a", "a", "back"]);
}

#[test]
fn where_nothing_was_run_there_is_no_last_one() {
    let place = Place::with("check(\"fine\", || true);");
    place.expect(2, &["show", "last"]);
    place.expect(2, &["rollback", "last"]).says(&["there is no run here, and so no last one"]);
}

#[test]
fn a_runbook_of_that_name_is_shown() {
    let place = Place::with("check(\"fine\", || true);");
    place.runbook("last", "runbook(#{ title: \"The last of all\", owner: \"team\" });\ncheck(\"x\", || true);");
    place.expect(0, &["exec", "main"]);
    place.expect(0, &["show", "last"]).says(&["The last of all"]);
}
