//! Ctrl-C once, twice, thrice; a request to end; a terminal that goes away: nothing is stopped by accident, everything
//! can be gone on with, and the terminal is as it was.

use std::process::{Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use crate::doubt::{engine_dies, keeper_of};
use crate::support::Place;
use crate::support::terminal::Terminal;

/// A command that takes as long as the test wants, between two others.
const SLOW: &str = r#"
command("first", #{ run: ["sh", "-c", "echo first >> ledger"], rollback: "nothing" });
command("slow", #{ run: ["sh", "-c", "echo slow >> ledger; echo > began; cat go > /dev/null; echo end >> ledger"], rollback: "nothing" });
command("last", #{ run: ["sh", "-c", "echo last >> ledger"], rollback: "nothing" });
"#;

/// A run in the middle of its slow command, at a terminal.
fn begun(source: &str) -> (Place, Terminal) {
    let place = Place::with(source);
    place.fifo("began");
    place.fifo("go");
    let terminal = place.terminal(&["exec", "main"]);
    place.wait_for("began");
    (place, terminal)
}

#[test]
fn once_lets_the_running_command_end_and_suspends() {
    let (place, mut terminal) = begun(SLOW);
    terminal.keys("\x03").until("`slow` is let run to its end");
    place.write("go", "");
    let ended = terminal.end().with(130);
    ended.says(&["interrupted", &format!("runbook resume {}", place.newest_run())]);
    assert_eq!(place.ledger(), ["first", "slow", "end"]);
    place.expect(0, &["resume"]).says(&["completed"]);
    assert_eq!(place.ledger(), ["first", "slow", "end", "last"]);
}

#[test]
fn a_script_that_computes_for_long_and_asks_for_nothing_is_stopped() {
    // Its limits are some minutes away: each number costs more than the one before.
    let place = Place::with(r#"print("computes"); let list = []; loop { list.push(list.len()); }"#);
    let mut terminal = place.terminal(&["exec", "main"]);
    terminal.until("computes").keys("\x03");
    terminal.end().with(130).says(&["interrupted", "runbook resume"]);
}

#[test]
fn twice_stops_the_command_and_says_that_its_effect_is_in_doubt() {
    let (place, mut terminal) = begun(SLOW);
    terminal.keys("\x03").until("Ctrl-C stops it now").keys("\x03").until("stopping `slow`");
    let ended = terminal.end().with(5);
    ended.says(&["stopped by the operator", "sh (", "in doubt", "runbook resolve"]);
    assert_eq!(place.ledger(), ["first", "slow"], "both the shell and what it ran are gone");
    place.expect(5, &["resume"]).says(&["runbook resolve"]);
    place.expect(0, &["resolve", &place.newest_run(), "slow", "did", "--why", "seen"]);
    place.expect(0, &["resume"]);
    assert_eq!(place.ledger(), ["first", "slow", "last"]);
}

#[test]
fn twice_stops_a_command_that_may_be_repeated_and_the_next_session_makes_it_again() {
    let (place, mut terminal) = begun(&SLOW.replace("slow\", #{", "slow\", #{ idempotent: true,"));
    terminal.keys("\x03").until("Ctrl-C stops it now").keys("\x03");
    terminal.end().with(130).says(&["stopped by the operator", "runbook resume"]);
    // Reading lets the repetition begin, writing lets it end.
    let child = place.command(&["resume"]).stderr(Stdio::null()).spawn().expect("the binary starts");
    place.wait_for("began");
    place.write("go", "");
    assert!(child.wait_with_output().expect("it ends").status.success());
    assert_eq!(place.ledger(), ["first", "slow", "slow", "end", "last"]);
}

/// A command that waits for the test, in a script that goes on without what fails.
fn tolerant(around: &str) -> String {
    let step = r#"command("slow", #{
        run: ["sh", "-c", "echo slow >> ledger; echo > began; cat go > /dev/null; echo end >> ledger"],
        idempotent: true,
        rollback: "nothing",
    })"#;
    format!(
        "{}\ncommand(\"last\", #{{ run: [\"sh\", \"-c\", \"echo last >> ledger\"], rollback: \"nothing\" }});",
        around.replace("STEP", step)
    )
}

#[test]
fn what_the_operator_stops_is_no_failure_that_a_script_passes_over() {
    for around in ["attempt(|| STEP);", r#"parallel("par", ["a"], #{ max_failures: 1 }, |i| { STEP; });"#] {
        let (place, mut terminal) = begun(&tolerant(around));
        terminal.keys("\x03").until("Ctrl-C stops it now").keys("\x03");
        terminal.end().with(130).says(&["stopped by the operator", "runbook resume"]);
        assert_eq!(place.ledger(), ["slow"], "the run stopped");
        let child = place.command(&["resume"]).stderr(Stdio::null()).spawn().expect("the binary starts");
        place.wait_for("began");
        place.write("go", "");
        assert!(child.wait_with_output().expect("it ends").status.success());
        assert_eq!(place.ledger(), ["slow", "slow", "end", "last"], "{around}");
        place.expect(0, &["verify"]);
    }
}

#[test]
fn what_an_engine_that_left_has_had_stopped_is_no_failure_either() {
    let (place, mut terminal) =
        begun(&tolerant("attempt(|| STEP);").replace("echo slow >>", "trap 'kill -9 $$' TERM; echo slow >>"));
    terminal.keys("\x03").until("Ctrl-C stops it now").keys("\x03").until("stopping `slow`").keys("\x03");
    terminal.end().with(130);
    let child = place.command(&["resume"]).stderr(Stdio::null()).spawn().expect("the binary starts");
    place.wait_for("began");
    place.write("go", "");
    assert!(child.wait_with_output().expect("it ends").status.success());
    assert_eq!(place.ledger(), ["slow", "slow", "end", "last"]);
}

#[test]
fn what_is_stopped_in_a_rollback_is_still_owed() {
    let place = Place::with(
        r#"command("one", #{ run: ["true"], rollback: || {
            attempt(|| command("undo", #{
                run: ["sh", "-c", "echo undo >> ledger; echo > began; cat go > /dev/null; echo undone >> ledger"],
                idempotent: true,
                rollback: "nothing",
            }));
            command("more", #{ run: ["sh", "-c", "echo more >> ledger"], rollback: "nothing" });
        } });"#,
    );
    place.fifo("began");
    place.fifo("go");
    place.expect(0, &["exec", "main"]);
    let run = place.newest_run();
    let mut terminal = place.terminal(&["rollback", &run]);
    place.wait_for("began");
    terminal.keys("\x03").until("Ctrl-C stops it now").keys("\x03");
    terminal.end().with(130);
    let child = place.command(&["rollback", &run]).stderr(Stdio::null()).spawn().expect("the binary starts");
    place.wait_for("began");
    place.write("go", "");
    assert_eq!(child.wait_with_output().expect("it ends").status.code(), Some(6));
    assert_eq!(place.ledger(), ["undo", "undo", "undone", "more"]);
}

#[test]
fn once_while_an_earlier_attempt_is_waited_for_begins_no_other() {
    let place = Place::with(&SLOW.replace("slow\", #{", "slow\", #{ idempotent: true,"));
    place.fifo("began");
    place.fifo("go");
    engine_dies(&place);
    // With its keeper gone too, nobody will know how it ended.
    kill_process(keeper_of(&place, &place.newest_run()), Signal::KILL).expect("kill -9");
    let mut terminal = place.terminal(&["resume"]);
    // A tick of the moving line later it waits for what is left. It has heard: "is let run to its end", or that the run is
    // interrupted.
    terminal.until("slow").until("⠙").keys("\x03").until("^C").until("run ");
    place.write("go", "");
    terminal.end().with(130);
    assert_eq!(place.ledger().iter().filter(|line| *line == "slow").count(), 1, "no other attempt was begun");
}

#[test]
fn thrice_leaves_at_once_and_the_command_is_found_again() {
    let stubborn = SLOW.replace("echo slow >>", "trap '' TERM; echo slow >>");
    let (place, mut terminal) = begun(&stubborn);
    terminal.keys("\x03").until("Ctrl-C stops it now").keys("\x03").until("stopping `slow`").keys("\x03");
    let ended = terminal.end().with(130);
    ended.says(&["left at once", &format!("runbook resume {}", place.newest_run())]);
    assert_eq!(place.ledger(), ["first", "slow"], "it still runs");
    place.write("go", "");
    // It was asked to stop, and came to its end all the same: what that means, a person has to say.
    place.expect(5, &["resume"]).says(&["slow"]);
    assert_eq!(place.ledger(), ["first", "slow", "end"]);
}

#[test]
fn during_the_wait_of_a_check_it_stops_at_once() {
    let place = Place::with(r#"check("never", || fs::exists("never"), #{ within: "1h", every: "30m" });"#);
    let mut terminal = place.terminal(&["exec", "main"]);
    terminal.until("look 1").keys("\x03");
    let ended = terminal.end().with(130);
    assert!(!ended.screen().iter().any(|line| line.contains("look 1")), "the live line is erased:\n{:?}", ended.screen());
    place.write("never", "");
    place.expect(0, &["resume"]);
}

#[test]
fn a_look_that_hangs_keeps_nobody() {
    let place = Place::with(r#"check("hangs", || exec::output(["sh", "-c", "echo > began; cat go"]).stdout);"#);
    place.fifo("began");
    place.fifo("go");
    let mut terminal = place.terminal(&["exec", "main"]);
    place.wait_for("began");
    terminal.keys("\x03");
    terminal.end().with(130);
    // The program that looked is stopped, too: soon nobody reads from its pipe.
    let end = std::time::Instant::now() + std::time::Duration::from_secs(60);
    let flags = rustix::fs::OFlags::WRONLY | rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::CLOEXEC;
    while rustix::fs::open(place.path("go"), flags, rustix::fs::Mode::empty()).err() != Some(rustix::io::Errno::NXIO) {
        assert!(std::time::Instant::now() < end, "it still looks");
        std::thread::yield_now();
    }
}

#[test]
fn during_a_question_it_stops_at_once_and_leaves_a_clean_line() {
    let place =
        Place::with(r#"confirm("Go on?"); command("x", #{ run: ["sh", "-c", "echo x >> ledger"], rollback: "nothing" });"#);
    let mut terminal = place.terminal(&["exec", "main"]);
    terminal.until("yes or no? [y/N] ").keys("ye").until("ye").keys("\x03");
    let ended = terminal.end().with(130);
    let screen = ended.screen();
    let asked = screen.iter().position(|line| line.contains("yes or no?")).expect("the question");
    assert!(screen[asked].trim_end().ends_with("^C"), "nothing is written behind the question: {screen:?}");
    assert_eq!(screen.last().map(String::as_str), Some(""), "the cursor stands at the start of a line");
    assert_eq!(place.ledger(), Vec::<String>::new());
    place.expect(0, &["resume", "--yes"]);
    assert_eq!(place.ledger(), ["x"]);
}

#[test]
fn a_request_to_end_is_the_first_ctrl_c_however_often_it_comes() {
    let (place, mut terminal) = begun(SLOW);
    terminal.signal(Signal::TERM);
    terminal.until("is let run to its end");
    for _ in 0..5 {
        terminal.signal(Signal::TERM);
    }
    place.write("go", "");
    terminal.end().with(130);
    assert_eq!(place.ledger(), ["first", "slow", "end"]);
    place.expect(0, &["resume"]);
}

#[test]
fn a_closed_terminal_suspends_and_kills_nothing() {
    let (place, terminal) = begun(SLOW);
    let code = terminal.hang_up(|| drop(place.write("go", "")));
    assert_eq!(code, Some(130));
    assert_eq!(place.ledger(), ["first", "slow", "end"]);
    // Elsewhere: another terminal.
    let ended = place.terminal(&["resume"]).end().with(0);
    ended.says(&["resuming", "completed"]);
    assert_eq!(place.ledger(), ["first", "slow", "end", "last"]);
}

#[test]
fn a_terminal_that_is_closed_at_a_question_leaves_it_to_others() {
    let place =
        Place::with(r#"confirm("Go on?"); command("x", #{ run: ["sh", "-c", "echo x >> ledger"], rollback: "nothing" });"#);
    let mut terminal = place.terminal(&["exec", "main"]);
    terminal.until("yes or no? [y/N] ");
    assert_eq!(terminal.hang_up(|| ()), Some(4));
    place.expect(0, &["answer", &place.newest_run(), "--yes"]);
    place.expect(0, &["resume"]);
    assert_eq!(place.ledger(), ["x"]);
}

#[test]
fn whoever_says_nohup_means_it() {
    let place = Place::with(SLOW);
    place.fifo("began");
    place.fifo("go");
    let plain = place.command(&[]);
    let mut command = Command::new("sh");
    command.args(["-c", "trap '' HUP; exec \"$0\" exec main"]).arg(plain.get_program());
    command.current_dir(place.path("")).env_clear().stderr(Stdio::null());
    command.envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let child = command.spawn().expect("the binary starts");
    place.wait_for("began");
    kill_process(Pid::from_child(&child), Signal::HUP).expect("it lives");
    place.write("go", "");
    assert!(child.wait_with_output().expect("it ends").status.success());
    assert_eq!(place.ledger(), ["first", "slow", "end", "last"]);
}
