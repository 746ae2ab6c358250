//! `runbook rollback RUN`: any earlier run, newest first, over what really ran, once.

use crate::support::Place;

const THREE: &str = r#"
for n in ["a", "b", "c"] {
    command(n, #{ run: ["sh", "-c", `echo ${n} >> ledger`], rollback: ["sh", "-c", `echo back ${n} >> ledger`] });
}
"#;

/// The source of a run is pinned: mending the file would not help whoever only types what was typed before.
#[test]
fn a_block_with_a_mistake_is_mended_and_the_rollback_goes_on() {
    let first =
        r#"command("first", #{ run: ["sh", "-c", "echo a >> ledger"], rollback: ["sh", "-c", "echo back a >> ledger"] });"#;
    let second = |block: &str| format!("command(\"second\", #{{ run: [\"true\"], rollback: || {{ {block} }} }});");
    let place = Place::with(&format!("{first}\n{}", second("let seen = #{}; print(seen.nothing.at_all);")));
    place.expect(0, &["exec", "main"]);
    let run = place.newest_run();
    let adopt = format!("runbook resume {run} --adopt");
    let ran = place.expect(7, &["rollback", &run]);
    ran.says(&["stuck", &adopt, &format!("runbook rollback {run} --dry-run")]);
    place.expect(0, &["rollback", &run, "--dry-run"]).says(&["second", "first"]);
    let whole = |body: &str| format!("runbook(#{{ title: \"main\", owner: \"o\" }});\n{first}\n{body}");
    place.write("runbooks/main.rhai", &whole(&second("command(\"undo\", #{ run: [\"false\"] });")));
    place.expect(7, &["resume", &run, "--adopt"]).says(&["stuck", &adopt, "if the block was wrong"]);
    place.write("runbooks/main.rhai", &whole(&second("command(\"undo\", #{ run: [\"true\"] });")));
    place.expect(6, &["resume", &run, "--adopt"]);
    assert_eq!(place.ledger(), ["a", "back a"]);
}

#[test]
fn a_completed_run_is_rolled_back_later_and_only_once() {
    let place = Place::with(THREE);
    place.expect(0, &["exec", "main"]);
    let run = place.newest_run();
    place.expect(6, &["rollback", &run]).says(&["rolled back"]);
    assert_eq!(place.ledger(), ["a", "b", "c", "back c", "back b", "back a"]);
    place.expect(6, &["rollback", &run]).says(&["nothing"]);
    assert_eq!(place.ledger().len(), 6);
}

#[test]
fn its_rehearsal_says_what_it_would_do_and_does_nothing() {
    let place = Place::with(THREE);
    place.expect(0, &["exec", "main"]);
    let run = place.newest_run();
    let before = place.photograph();
    let ran = place.expect(0, &["rollback", &run, "--dry-run"]);
    ran.says(&["back c", "back b", "back a"]);
    assert!(ran.err.find("back c") < ran.err.find("back a") || ran.out.find("back c") < ran.out.find("back a"));
    assert_eq!(place.photograph(), before);
}

#[test]
fn an_edited_runbook_does_not_change_how_an_old_run_is_rolled_back() {
    let place = Place::with(
        r#"command("a", #{ run: ["sh", "-c", "echo a >> ledger"], rollback: || {
            command("old way", #{ run: ["sh", "-c", "echo old way >> ledger"], rollback: "nothing" });
        } });"#,
    );
    place.expect(0, &["exec", "main"]);
    place.runbook("main", "check(\"another runbook\", || true);");
    place.expect(6, &["rollback", &place.newest_run()]);
    assert_eq!(place.ledger(), ["a", "old way"]);
}

#[test]
fn a_step_without_a_way_back_is_named() {
    let place = Place::with(r#"command("send the mail", #{ run: ["sh", "-c", "echo sent >> ledger"] });"#);
    place.expect(0, &["exec", "main"]);
    place.expect(6, &["rollback", &place.newest_run()]).says(&["send the mail"]);
}

#[test]
fn a_rehearsed_rollback_looks_and_says_what_is_in_its_way() {
    let source = r#"
command("write once", #{ write: #{ path: "conf", content: "one\n" } });
command("write again", #{ write: #{ path: "conf", content: "two\n" } });
command("tell", #{ run: ["sh", "-c", "true"], rollback: ["no-such-program"] });
"#;
    let place = Place::with(source);
    place.expect(0, &["exec", "main"]);
    let run = place.newest_run();
    let ran = place.expect(0, &["rollback", &run, "--dry-run"]);
    // The older of two changes of one file finds what the newer one leaves: that is not in its way.
    ran.says(&["in the way: ", "no-such-program", "it would get stuck there"]).is_silent_about(&["somebody changed it"]);
    place.write("conf", "mine\n");
    place.expect(0, &["rollback", &run, "--dry-run"]).says(&["somebody changed it since this run wrote it"]);
    assert_eq!(place.read("conf"), "mine\n");
    assert!(!place.entries().iter().any(|entry| entry.contains("rollback")), "nothing was begun");
}

/// A promise of time is one about going forward: a rollback, days later, breaks none.
#[test]
fn a_rollback_later_breaks_no_promise_of_time() {
    let place = Place::with(
        r#"runbook(#{ title: "Quick", owner: "nobody", budget: "1s" });
        command("a", #{ run: ["true"], rollback: ["sleep", "1.5"] });"#,
    );
    place.expect(0, &["exec", "main"]);
    let broken = || place.entries().iter().filter(|entry| *entry == "budget_broken").count();
    let before = broken();
    place.expect(6, &["rollback", &place.newest_run()]);
    assert_eq!(broken(), before);
}

#[test]
fn a_step_that_fails_in_a_rollback_block_can_be_tried_again_or_passed_over() {
    let place = Place::with(
        r#"command("one", #{ run: ["true"], rollback: || {
            print("before");
            command("undo", #{ run: ["test", "-e", "good"], rollback: "nothing" });
            print("behind");
        } });"#,
    );
    place.expect(0, &["exec", "main"]);
    let run = place.newest_run();
    let mut terminal = place.terminal(&["rollback", &run]);
    terminal.until("undo").until("retry: try the step again").until("r, k, s? ");
    place.write("good", "");
    terminal.keys("r\r");
    terminal.end().with(6);
    let notes = place.journal().into_iter().filter(|record| record["type"] == "noted").count();
    assert_eq!(notes, 2, "what the block prints is written once");
}
