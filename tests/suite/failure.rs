//! A step fails: the run stops and stays resumable, or rolls back, newest first.

use crate::support::Place;

fn effect(name: &str) -> String {
    format!(
        r#"command("{name}", #{{ run: ["sh", "-c", "echo {name} >> ledger"], rollback: ["sh", "-c", "echo back {name} >> ledger"] }});
"#
    )
}

#[test]
fn a_failed_step_stops_the_run_and_the_next_command_is_said() {
    let place = Place::with(
        &(effect("a")
            + r#"command("fails", #{ run: ["sh", "-c", "echo why >&2; exit 7"], rollback: "nothing" });"#
            + &effect("b")),
    );
    let ran = place.expect(1, &["exec", "main"]);
    ran.says(&["fails", "exit code 7", "why", &format!("runbook resume {}", place.newest_run())]);
    assert_eq!(place.ledger(), ["a"]);
}

#[test]
fn on_failure_rollback_takes_back_what_really_ran_newest_first() {
    let head = r#"runbook(#{ title: "T", owner: "o", on_failure: "rollback" });
"#;
    let place = Place::with(&(head.to_owned() + &effect("a") + &effect("b") + r#"check("never", || false);"# + &effect("c")));
    place.expect(6, &["exec", "main"]).says(&["rolled back"]);
    assert_eq!(place.ledger(), ["a", "b", "back b", "back a"]);
}

#[test]
fn a_failed_rollback_makes_the_run_stuck_and_says_what_is_owed() {
    let head = r#"runbook(#{ title: "T", owner: "o", on_failure: "rollback" });
"#;
    let b = r#"command("b", #{ run: ["sh", "-c", "echo b >> ledger"], rollback: ["sh", "-c", "test -e may && echo back b >> ledger"] });
"#;
    let place = Place::with(&(head.to_owned() + &effect("a") + b + r#"check("never", || false);"#));
    let ran = place.expect(7, &["exec", "main"]);
    ran.says(&["stuck", "b", "--dry-run", "what is still owed"]).is_silent_about(&["--adopt"]);
    place.expect(0, &["rollback", &place.newest_run(), "--dry-run"]).says(&["↩ b", "↩ a"]);
    assert_eq!(place.ledger(), ["a", "b"]);
    place.write("may", "");
    place.expect(6, &["resume"]);
    assert_eq!(place.ledger(), ["a", "b", "back b", "back a"]);
}

#[test]
fn a_failure_can_be_caught_by_the_script() {
    let place = Place::with(
        &(r#"try { command("fails", #{ run: ["false"], rollback: "nothing" }); } catch (e) { print(`caught ${e.step}`); }
"#
        .to_owned()
            + &effect("a")),
    );
    place.expect(0, &["exec", "main"]).says(&["caught fails"]);
    assert_eq!(place.ledger(), ["a"]);
}

#[test]
fn a_command_is_tried_again_as_often_as_its_author_allows() {
    let place = Place::with(
        r#"command("third time", #{ run: ["sh", "-c", "echo try >> ledger; test $(wc -l < ledger) -ge 3"], rollback: "nothing", retry: #{ times: 5, every: "10ms" } });"#,
    );
    place.expect(0, &["exec", "main"]);
    assert_eq!(place.ledger().len(), 3);
}

#[test]
fn a_program_that_dies_by_a_signal_is_never_a_success() {
    let place = Place::with(r#"command("dies", #{ run: ["sh", "-c", "kill -9 $$"], rollback: "nothing" });"#);
    place.expect(5, &["exec", "main"]).says(&["SIGKILL"]);
}

#[test]
fn a_command_past_its_time_is_stopped_and_in_doubt() {
    let place = Place::with(r#"command("hangs", #{ run: ["sleep", "300"], rollback: "nothing", timeout: "300ms" });"#);
    place.expect(5, &["exec", "main"]).says(&["stopped after 300ms"]);
}

#[test]
fn a_block_rolls_back_and_so_does_a_compensation_of_its_own() {
    let place = Place::with(
        r#"runbook(#{ title: "T", owner: "o", on_failure: "rollback" });
        for n in ["x", "y"] {
            command(`do ${n}`, #{ run: ["sh", "-c", `echo ${n} >> ledger`], rollback: || {
                command(`back ${n}`, #{ run: ["sh", "-c", `echo back ${n} >> ledger`], rollback: "nothing" });
            } });
        }
        rollback("tell them", #{ run: ["sh", "-c", "echo told >> ledger"] });
        check("never", || false);"#,
    );
    place.expect(6, &["exec", "main"]);
    assert_eq!(place.ledger(), ["x", "y", "told", "back y", "back x"]);
}

#[test]
fn a_written_file_comes_back_as_it_was() {
    let place = Place::with(
        r#"runbook(#{ title: "T", owner: "o", on_failure: "rollback" });
        command("edit", #{ write: #{ path: "file", content: "new\n" } });
        command("create", #{ write: #{ path: "fresh", content: "new\n" } });
        check("written", || fs::read("file") == "new\n" && fs::exists("fresh"));
        check("never", || false);"#,
    );
    place.write("file", "old\n");
    place.expect(6, &["exec", "main"]);
    assert_eq!(place.read("file"), "old\n");
    assert!(!place.path("fresh").exists());
}
