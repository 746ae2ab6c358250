//! Programs that get a terminal: their own (`pty`), or the operator's (`interactive`).

use std::process::Command;

use rustix::process::{Pid, Signal, kill_process};

use crate::support::Place;

#[test]
fn a_program_that_needs_a_terminal_gets_one() {
    let place = Place::with(
        r#"
        let said = command("look around", #{ run: sh("test -t 0 && test -t 1 && stty size; read line; echo \"read $line\"; echo err >&2"), pty: true, stdin: "a line" });
        command("write it down", #{ write: #{ path: "said", content: said.stdout } });
        "#,
    );
    place.expect(0, &["exec", "main"]);
    assert_eq!(place.read("said"), "24 80\nread a line\nerr");
}

/// A real key with a passphrase, which `ssh-keygen` asks for at `/dev/tty` and nowhere else.
#[test]
fn a_passphrase_is_typed_at_the_terminal_and_stands_nowhere() {
    let place = Place::with(
        r#"
        command("read the key", #{ run: ["ssh-keygen", "-y", "-f", "key"], interactive: true });
        confirm("Go on?");
        "#,
    );
    let made =
        Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "correct horse", "-f"]).arg(place.path("key")).status();
    assert!(made.expect("ssh-keygen").success());
    let mut terminal = place.terminal(&["exec", "main"]);
    // What was typed before the program asked is not its answer.
    terminal.until("Ctrl-] three times stops it").until("Enter passphrase").keys("correct horse\r");
    terminal.until("ssh-ed25519 ").until("Go on?").until("[y/N]").keys("y\n");
    terminal.end().with(0).says(&["read the key", "completed"]);
    let journal = place.read(&format!(".runbook/runs/{}/journal.jsonl", place.newest_run()));
    assert!(journal.contains("ssh-ed25519 ") && journal.contains("Enter passphrase"), "what is shown is recorded");
    let kept = Command::new("grep").args(["-r", "correct horse"]).arg(place.state()).output().expect("grep");
    assert!(kept.stdout.is_empty(), "keys are not: {}", String::from_utf8_lossy(&kept.stdout));
}

#[test]
fn without_a_terminal_nothing_is_run_and_a_rehearsal_says_so() {
    let step = r#"command("ask", #{ run: sh("echo ran >> ledger"), interactive: true });"#;
    let place = Place::with(step);
    place.expect(10, &["exec", "main"]).says(&["runbooks/main.rhai:2:1", "nobody sits at a terminal here; nothing was run"]);
    assert!(!place.state().join("runs").exists(), "there is no run");
    // Only when it is reached is it certain that this one needs somebody.
    place.runbook("main", &format!("if sure() {{ {step} }}\nfn sure() {{ true }}"));
    place.expect(0, &["exec", "main", "--dry-run"]).says(&["missing for the real run", "nobody sits at a terminal"]);
    place
        .expect(1, &["exec", "main"])
        .says(&["was not started", "nobody sits at a terminal here: resume the run from a terminal"]);
    assert!(place.ledger().is_empty());
    let mut terminal = place.terminal(&["resume"]);
    terminal.until("completed");
    terminal.end().with(0);
    assert_eq!(place.ledger(), ["ran"]);
}

#[test]
fn keys_are_the_programs_and_three_of_one_stop_it() {
    let place = Place::with(
        r#"command("hold", #{ run: sh("trap 'echo heard ^C' INT; printf '\\033]0;owned\\007\\033[?25l'; echo ready; while :; do sleep 0.05; done"), interactive: true });"#,
    );
    let mut terminal = place.terminal(&["exec", "main"]);
    terminal.until("ready").keys("\x03").until("heard ^C").keys("\x1d\x1d\x1d");
    terminal.until("did it take effect?").until("stopped by the operator").until("s? ").keys("s\n");
    let ended = terminal.end().with(5);
    assert!(!ended.shown.contains("\x1b]0;"), "a title must not pass:\n{}", ended.shown);
    assert!(ended.shown.contains("\x1b[?25h"), "the cursor is shown again");
}

#[test]
fn a_program_outlives_the_engine_and_is_gone_on_with() {
    let place = Place::with(
        r#"command("ask", #{ run: sh("echo start >> ledger; printf 'name: '; read name; echo \"$name\" >> ledger"), interactive: true });"#,
    );
    let mut terminal = place.terminal(&["exec", "main"]);
    terminal.until("name: ");
    terminal.kill();
    let mut terminal = place.terminal(&["resume"]);
    terminal.until("name: ").keys("alice\r").until("completed");
    terminal.end().with(0);
    assert_eq!(place.ledger(), ["start", "alice"], "it ran once");
}

#[test]
fn a_terminal_that_goes_away_takes_no_program_along() {
    let place = Place::with(
        r#"command("ask", #{ run: sh("echo $$ > pid; echo ready; read name || echo gone >> ledger"), interactive: true, rollback: "nothing" });"#,
    );
    let mut terminal = place.terminal(&["exec", "main"]);
    terminal.until("ready");
    let pid = place.read("pid").trim().parse().ok().and_then(Pid::from_raw).expect("a process");
    terminal.hang_up(|| {
        // It sits at a terminal of its own, and nobody there: only its author or a person can end it now.
        kill_process(pid, Signal::TERM).expect("it lives");
    });
    assert!(place.ledger().is_empty());
    assert!(place.entries().contains(&"step_ended".to_owned()));
}
