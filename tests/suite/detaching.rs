//! `--detach`: a run that goes on without the terminal it was started from.

use std::process::Stdio;

use crate::support::Place;

/// The first command waits until somebody writes into the pipe.
const GATED: &str = r#"
command("wait for the gate", #{ run: ["cat", "gate"], rollback: "nothing" });
command("go on", #{ run: ["sh", "-c", "echo on >> ledger"], rollback: "nothing" });
"#;

/// The run that was named on standard error.
fn named(text: &str) -> String {
    let rest = text.strip_prefix("run ").expect("the run is named first");
    rest.split(' ').next().expect("an id").to_owned()
}

#[test]
fn it_returns_when_the_run_has_begun_and_the_run_goes_on() {
    let place = Place::with(GATED);
    place.fifo("gate");
    let ran = place.expect(0, &["exec", "main", "--detach"]);
    ran.says(&["goes on without this terminal", "show ", "--follow"]);
    let run = named(&ran.err);
    assert_eq!(run, place.newest_run());
    assert!(place.ledger().is_empty());
    // Whoever follows sees the rest, from a process that has nothing to do with the one that started it.
    let follow = place.command(&["show", &run, "--follow"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("show");
    place.write("gate", "open\n");
    let followed = follow.wait_with_output().expect("it ends");
    let text = String::from_utf8_lossy(&followed.stdout).into_owned();
    assert!(text.contains("completed"), "{text}");
    assert_eq!(place.ledger(), ["on"]);
}

#[test]
fn for_programs_it_is_the_first_record() {
    let place = Place::with(r#"check("it is there", || true);"#);
    let ran = place.expect(0, &["exec", "main", "--detach", "--output", "json"]);
    let lines: Vec<serde_json::Value> = ran.out.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(lines.len(), 1, "{}", ran.out);
    assert_eq!((lines[0]["type"].as_str(), lines[0]["run"].as_str()), (Some("run_started"), Some(place.newest_run().as_str())));
    place.expect(0, &["show", &place.newest_run(), "--follow"]).says(&["completed"]);
}

#[test]
fn what_cannot_begin_is_said_here_with_its_code() {
    let place = Place::with(r#"check("it is there", || true);"#);
    place.expect(2, &["exec", "main", "--detach", "-p", "nope=1"]).says(&["nope", "nothing was run"]);
    place.expect(2, &["exec", "other", "--detach"]).says(&["other"]);
    let journals = std::fs::read_dir(place.state().join("runs")).map_or(0, Iterator::count);
    assert_eq!(journals, 0, "nothing was run");
}

#[test]
fn a_question_suspends_it_and_a_resume_can_be_detached_as_well() {
    let place = Place::with(
        "confirm(\"Go on?\");\ncommand(\"go\", #{ run: [\"sh\", \"-c\", \"echo went >> ledger\"], rollback: \"nothing\" });",
    );
    let run = named(&place.expect(0, &["exec", "main", "--detach"]).err);
    place.run(&["show", &run, "--follow"]).says(&["waiting"]);
    place.expect(0, &["answer", &run, "--yes"]);
    let ran = place.expect(0, &["resume", &run, "--detach"]);
    assert_eq!(named(&ran.err), run);
    place.expect(0, &["show", &run, "--follow"]).says(&["completed"]);
    assert_eq!(place.ledger(), ["went"]);
}

#[test]
fn whoever_starts_a_second_run_is_told_of_the_first() {
    let place = Place::with(GATED);
    place.runbook("other", r#"check("it is there", || true);"#);
    place.fifo("gate");
    let first = named(&place.expect(0, &["exec", "main", "--detach"]).err);
    place.expect(0, &["exec", "other"]).is_silent_about(&["another run"]);
    // The same runbook, edited: it must not wait at the gate as well.
    place.runbook("main", r#"check("it is there", || true);"#);
    place.expect(0, &["exec", "main", "--dry-run"]).is_silent_about(&["another run"]);
    place.expect(0, &["exec", "main"]).says(&["notice: another run of `main` is at work", &first]);
    let mut follow =
        place.command(&["show", &first, "--follow"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("show");
    place.write("gate", "open\n");
    follow.wait().expect("it ends");
    assert_eq!(place.ledger(), ["on"]);
    place.expect(0, &["exec", "main"]).is_silent_about(&["another run"]);
}

#[test]
fn whoever_starts_a_second_run_is_told_of_one_that_waits_even_behind_many_others() {
    let place = Place::with(r#"confirm("Go on?");"#);
    let first = named(&place.expect(0, &["exec", "main", "--detach"]).err);
    place.run(&["show", &first, "--follow"]).says(&["waiting"]);
    place.runbook("main", r#"check("it is there", || true);"#);
    let told = format!("notice: another run of `main` waits for an answer: {first}");
    // Of so many the journals are not read any more, and this one is still told of; of those that are over nothing is said.
    for _ in 0..22 {
        let err = place.expect(0, &["exec", "main", "--unsealed", "quick"]).err;
        assert_eq!(err.matches("another run").count(), 1, "{err}");
        assert!(err.contains(&told), "{err}");
    }
    place.expect(0, &["abandon", &first, "--why", "not wanted"]);
    place.expect(0, &["exec", "main"]).is_silent_about(&["another run"]);
}
