//! What is over stays over: no word about one of its steps brings a run back to life.

use crate::support::Place;

const CAUGHT: &str = r#"
    attempt(|| command("half", #{
        run: ["sh", "-c", "echo half >> ledger; sleep 300"],
        idempotent: true,
        rollback: ["sh", "-c", "echo back half >> ledger"],
        timeout: "300ms",
    }));
    command("last", #{ run: ["sh", "-c", "echo last >> ledger"], rollback: "nothing" });
"#;

#[test]
fn a_run_that_was_given_up_hears_no_answer_and_no_word() {
    let place = Place::with(
        r#"
        confirm("Go on?");
        command("two", #{ run: ["sh", "-c", "echo two >> ledger"], rollback: "nothing" });
        "#,
    );
    place.expect(4, &["exec", "main"]);
    let run = place.newest_run();
    place.expect(0, &["abandon", &run, "--why", "not today"]);
    place.expect(10, &["answer", &run, "--yes"]).says(&["abandoned already"]);
    place.expect(10, &["resume", &run]);
    assert!(place.ledger().is_empty(), "nothing was run");
    place.expect(0, &["show", &run]).says(&["abandoned"]);
}

#[test]
fn a_doubt_of_a_completed_run_is_settled_for_its_rollback_and_for_nothing_else() {
    for verdict in ["did", "did-not"] {
        let place = Place::with(CAUGHT);
        place.expect(0, &["exec", "main"]);
        let run = place.newest_run();
        // The rehearsal knows as little.
        place.expect(3, &["rollback", &run, "--dry-run"]).says(&["in doubt:", "half", "may have taken effect"]);
        place.expect(5, &["rollback", &run]).says(&["half"]);
        place.expect(2, &["resume"]).says(&["nothing to resume"]);
        place.expect(0, &["resume", &run]).says(&["completed already"]);
        place.expect(0, &["resolve", &run, "half", verdict, "--why", "I looked"]);
        place.expect(0, &["resume", &run]).says(&["completed already"]);
        assert_eq!(place.ledger(), ["half", "last"]);
        place.expect(0, &["show", &run]).says(&["completed"]);
        place.expect(6, &["rollback", &run]);
        assert_eq!(place.ledger().contains(&"back half".to_owned()), verdict == "did");
        // There is nothing left that a word could change.
        place.expect(6, &["resume", &run]).says(&["rolled back already"]);
        place.expect(0, &["verify"]);
    }
}

#[test]
fn a_step_that_was_passed_over_in_doubt_is_in_doubt_before_a_rollback() {
    let place = Place::with(
        r#"
        command("half", #{
            run: ["sh", "-c", "echo half >> ledger; sleep 300"],
            idempotent: true,
            rollback: ["sh", "-c", "echo back half >> ledger"],
            timeout: "300ms",
        });
        "#,
    );
    let mut terminal = place.terminal(&["exec", "main"]);
    terminal.until("s? ").keys("k\r").until("passed over?").keys("no time\r");
    terminal.end().with(0);
    let run = place.newest_run();
    place.expect(5, &["rollback", &run]).says(&["half"]);
    place.expect(0, &["resolve", &run, "half", "did", "--why", "I looked"]);
    place.expect(6, &["rollback", &run]);
    assert_eq!(place.ledger(), ["half", "back half"]);
}

#[test]
fn a_word_about_a_step_that_the_script_has_gone_past_leaves_the_rest_as_it_was() {
    let source = format!(
        r#"{CAUGHT}
        command("b", #{{ run: ["true"], rollback: || command("undo", #{{ run: ["sh", "-c", "echo back b >> ledger"] }}) }});"#
    );
    let place = Place::with(&source);
    place.expect(0, &["exec", "main"]);
    let run = place.newest_run();
    place.expect(0, &["resolve", &run, "half", "did-not", "--why", "no trace of it"]);
    place.expect(0, &["rollback", &run, "--dry-run"]).is_silent_about(&["in doubt"]);
    place.expect(6, &["rollback", &run]);
    assert_eq!(place.ledger(), ["half", "last", "back b"]);
    place.expect(0, &["verify"]);
}

#[test]
fn a_run_that_is_over_keeps_no_lock_for_a_rollback_that_did_not_begin() {
    let source = format!(r#"runbook(#{{ title: "Locks", lock: "database" }});{CAUGHT}"#);
    let place = Place::with(&source);
    place.expect(0, &["exec", "main"]);
    place.expect(5, &["rollback", "last"]);
    place.runbook(
        "other",
        r#"runbook(#{ title: "Other", lock: "database" }); command("mine", #{ run: ["true"], rollback: "nothing" });"#,
    );
    place.expect(0, &["exec", "other"]);
}
