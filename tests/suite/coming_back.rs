//! Who left the terminal for a moment, and who looks from another one.

use rustix::process::Signal;

use crate::support::Place;

#[test]
fn a_question_is_asked_again_when_somebody_comes_back_to_it() {
    let place = Place::with("confirm(\"Sure?\", #{ details: \"It cannot be undone.\" });");
    let mut terminal = place.terminal(&["exec", "main"]);
    terminal.until("Sure?").until("Ctrl-D leaves it open").until("[y/N] ");
    terminal.signal(Signal::STOP);
    terminal.signal(Signal::CONT);
    terminal.until("Sure?").until("It cannot be undone.").until("[y/N] ").keys("y\r");
    terminal.end().with(0);
}

#[test]
fn a_menu_is_shown_again_when_somebody_comes_back_to_it() {
    let place = Place::with(r#"command("gate", #{ run: ["false"], rollback: "nothing" });"#);
    let mut terminal = place.terminal(&["exec", "main"]);
    terminal.until("r, k, s? ").signal(Signal::STOP);
    terminal.signal(Signal::CONT);
    terminal.until("gate").until("exit code 1").until("stop here").until("r, k, s? ").keys("s\r");
    terminal.end().with(1);
}

#[test]
fn a_run_that_stands_at_a_question_waits() {
    let place = Place::with(
        r#"
        command("before", #{ run: ["true"], rollback: "nothing" });
        confirm("Sure?");
        command("slow", #{ run: ["sh", "-c", "echo > began; cat go > /dev/null"], rollback: "nothing" });
        "#,
    );
    place.fifo("began");
    place.fifo("go");
    let states = |state: &str| place.expect(0, &["runs", "--state", state]).out.matches("main").count();
    let mut terminal = place.terminal(&["exec", "main"]);
    terminal.until("[y/N] ");
    assert_eq!((states("waiting"), states("running")), (1, 0), "{}", place.expect(0, &["runs"]));
    let line: serde_json::Value = serde_json::from_str(&place.expect(0, &["runs", "--output", "json"]).out).expect("JSON");
    assert_eq!((&line["status"], &line["asks"]), (&"running".into(), &true.into()), "a process holds it all the same");
    terminal.keys("y\r");
    place.wait_for("began");
    assert_eq!((states("waiting"), states("running")), (0, 1));
    place.write("go", "");
    terminal.end().with(0);
    assert_eq!((states("waiting"), states("completed")), (0, 1));
}

#[test]
fn what_does_not_fit_a_narrow_terminal_is_told_field_by_field() {
    let place = Place::with("check(\"fine\", || true);");
    place.expect(0, &["exec", "main"]);
    let run = place.newest_run();
    let screen = |columns, verb: &str| {
        let ended = place.terminal_like(columns, &[("TERM", "xterm"), ("NO_COLOR", "1")], &[verb]).end();
        ended.screen()
    };
    let runs = screen(40, "runs");
    assert!(runs.contains(&run) && runs.contains(&"  state    completed".to_owned()), "{runs:?}");
    assert!(runs.iter().all(|line| line.chars().count() <= 40), "{runs:?}");
    assert!(screen(100, "runs")[0].starts_with("RUN  "));
    let doctor = screen(40, "doctor");
    assert!(doctor.contains(&"ok       configuration".to_owned()), "{doctor:?}");
    place.runbook(
        "long",
        "runbook(#{ title: \"A title that is longer than forty columns are\", owner: \"team\" });\ncheck(\"x\", || true);",
    );
    let list = screen(40, "list");
    assert!(list.contains(&"  owner  team".to_owned()), "{list:?}");
}
