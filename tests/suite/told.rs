//! What is told of a run and how: once, in the right place, and as its author wrote it.

use crate::support::Place;

#[test]
fn a_command_that_outlived_its_engine_says_how_long_it_took() {
    let place =
        Place::with(r#"command("slow", #{ run: ["sh", "-c", "echo > began; cat go > /dev/null"], rollback: "nothing" });"#);
    place.fifo("began");
    place.fifo("go");
    let mut child = place.command(&["exec", "main"]).spawn().expect("the binary starts");
    place.wait_for("began");
    child.kill().expect("kill -9");
    child.wait().expect("it is gone");
    place.write("go", "");
    let resumed = place.expect(0, &["resume"]);
    let line = resumed.err.lines().find(|line| line.contains("done command: slow")).expect("it is told");
    assert!(line.ends_with("s)"), "without its duration: {line}");
    let end = place.journal().into_iter().find(|record| record["type"] == "step_ended").expect("its end");
    assert_eq!(end["millis"], end["outcome"]["succeeded"]["exited"]["millis"], "{end}");
    assert!(end["millis"].is_u64(), "{end}");
}

#[test]
fn what_could_be_typed_at_the_end_of_an_earlier_session_is_not_repeated() {
    let place = Place::with(
        r#"
        command("gate", #{ run: ["test", "-e", "open"], rollback: "nothing" });
        command("slow", #{ run: ["sh", "-c", "echo > began; cat go > /dev/null"], rollback: "nothing" });
        "#,
    );
    place.fifo("began");
    place.fifo("go");
    place.expect(1, &["exec", "main"]);
    let hint = format!("runbook resume {}", place.newest_run());
    assert_eq!(place.expect(0, &["show", "last"]).out.matches(&hint).count(), 1, "the session is the last one");
    place.write("open", "");
    let mut child = place.command(&["resume"]).spawn().expect("the binary starts");
    place.wait_for("began");
    place.expect(0, &["show", "last"]).is_silent_about(&[&hint]);
    place.write("go", "");
    assert!(child.wait().expect("it ends").success());
    place.expect(0, &["show", "last"]).is_silent_about(&[&hint]);
}

#[test]
fn an_item_that_was_let_fail_is_counted_at_the_end() {
    let place = Place::with(
        r#"
        parallel("all", ["a", "b", "c"], #{ max: 1, max_failures: 1 }, |item| {
            command("try", #{ run: ["test", item, "!=", "b"], rollback: "nothing" });
        });
        "#,
    );
    place.expect(0, &["exec", "main"]).says(&["2 commands, 1 item failed"]);
    place.expect(0, &["show", "last"]).says(&["2 commands, 1 item failed"]);
}

#[test]
fn the_reason_of_a_look_that_failed_is_told_once_where_it_failed() {
    let place = Place::with(r#"check("the note is there", || fs::read("a/place/that/is/not/there").len() > 0);"#);
    let ran = place.expect(1, &["exec", "main"]);
    // Where it failed, and at the end of the run.
    let told = ran.err.lines().filter(|line| line.contains("no such file")).count();
    assert_eq!(told, 2, "{ran}");
    ran.is_silent_about(&["saw fs::read"]);
}

#[test]
fn a_rehearsal_shows_programs_as_they_were_written_and_what_a_rollback_would_do() {
    let place = Place::with(
        r#"
        command("link", #{ run: ["ln", "-s", "a b", "link"], rollback: ["rm", "link"] });
        command("note", #{ run: sh("echo \"$who\" >> ledger", #{ who: "the team" }), rollback: sh("true") });
        command("new", #{ write: #{ path: "new", content: "x" } });
        command("old", #{ write: #{ path: "old", content: "x" } });
        "#,
    );
    place.write("old", "y");
    let ran = place.expect(0, &["exec", "main", "--dry-run"]);
    ran.says(&["would run: ln -s 'a b' link  (/", "rollback: rm link", "rollback: sh -c true\n"]);
    ran.says(&["would run: sh -c 'echo \"$who\" >> ledger'\n", "with who='the team'\n"]);
    let (new, old) = (place.path("new"), place.path("old"));
    ran.says(&[&format!("rollback: remove {}", new.display()), &format!("rollback: restore {}", old.display())]);
    ran.is_silent_about(&["${1}"]);
}

#[test]
fn the_rehearsal_that_fits_is_the_one_that_counts() {
    let place = Place::with(
        r#"
        let p = runbook(#{ title: "T", owner: "o", params: #{ release: #{ type: "string" } } });
        command(`switch to ${p.release}`, #{ run: ["true"], rollback: "nothing" });
        "#,
    );
    place.expect(0, &["exec", "main", "--dry-run", "-p", "release=v2"]);
    let fitting = place.newest_run();
    place.expect(0, &["exec", "main", "--dry-run", "-p", "release=v1"]);
    let ran = place.expect(0, &["exec", "main", "-p", "release=v2"]);
    ran.says(&[&format!("as rehearsed in {fitting}")]).is_silent_about(&["not as then", "differs from the rehearsal"]);
    // One with other values is better than none, and says so.
    place.expect(0, &["exec", "main", "-p", "release=v3"]).says(&["not as then: `release` was \"v1\""]);
}

#[test]
fn a_question_of_two_runs_is_one_whatever_its_text_says() {
    let place = Place::with(
        r#"
        let p = runbook(#{ title: "T", owner: "o", params: #{ release: #{ type: "string" } } });
        check("fine", || true);
        confirm(`Switch to rel/${p.release}?`);
        command("switch", #{ run: ["echo", p.release, "and more"], rollback: "nothing" });
        "#,
    );
    place.expect(0, &["exec", "main", "--yes", "-p", "release=v1"]);
    let first = place.newest_run();
    place.expect(0, &["exec", "main", "--yes", "-p", "release=v2"]);
    let ran = place.expect(0, &["diff", &first, "last"]);
    ran.says(&["~ confirm", "-       \"argv\": [\"echo\", \"v1\", \"and more\"]"]);
    ran.is_silent_about(&["- confirm", "+ confirm"]);
}
