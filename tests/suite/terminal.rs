//! What a person at a terminal sees and types: menus, questions, the live line; and what no program can make them see.

use crate::support::Place;

fn effect(name: &str, rollback: &str) -> String {
    format!("command(\"{name}\", #{{ run: [\"sh\", \"-c\", \"echo {name} >> ledger\"], rollback: {rollback} }});\n")
}

/// A step that fails until the file `open` is there, between two that do not.
fn gated() -> Place {
    let back = r#"["sh", "-c", "echo back >> ledger"]"#;
    let gate = r#"command("gate", #{ run: ["sh", "-c", "echo gate >> ledger; test -e open"], rollback: "nothing" });"#;
    Place::with(&(effect("a", back) + gate + &effect("b", r#""nothing""#)))
}

const FAILED: &str = "r, k, b, s? ";

#[test]
fn a_failure_can_be_tried_again() {
    let place = gated();
    let mut terminal = place.terminal(&["exec", "main"]);
    terminal.until("exit code 1").until(FAILED).keys("x\r").until("one of the letters is wanted").until(FAILED);
    place.write("open", "");
    terminal.keys("r\r");
    terminal.end().with(0).says(&["completed"]);
    assert_eq!(place.ledger(), ["a", "gate", "gate", "b"]);
    assert!(place.entries().contains(&"step_retried".to_owned()));
    assert!(!place.entries().contains(&"step_skipped".to_owned()));
}

#[test]
fn a_failure_is_passed_over_only_with_a_reason() {
    let place = gated();
    let mut terminal = place.terminal(&["exec", "main"]);
    terminal.until(FAILED).keys("k\r").until("why").keys("\r").until("a reason is wanted").until("pass over it").until(FAILED);
    terminal.keys("skip\r").until("why").keys("the gate is known to be shut\r");
    terminal.end().with(0);
    assert_eq!(place.ledger(), ["a", "gate", "b"]);
    let skipped = place.journal().into_iter().find(|record| record["type"] == "step_skipped").expect("it is skipped");
    assert_eq!(skipped["why"], "the gate is known to be shut");
    place.expect(0, &["report", &place.newest_run()]).says(&["With 1 step passed over"]);
    assert!(skipped["by"].to_string().contains("terminal"), "{skipped}");
}

#[test]
fn a_failure_can_be_rolled_back() {
    let place = gated();
    let mut terminal = place.terminal(&["exec", "main"]);
    terminal.until("take back `a`").until(FAILED).keys("b\r");
    terminal.end().with(6).says(&["Rolling back", "rolled back"]);
    assert_eq!(place.ledger(), ["a", "gate", "back"]);
}

#[test]
fn to_stop_leaves_the_run_failed_and_resumable() {
    for keys in ["s\r", "\x04", "\x03"] {
        let place = gated();
        let mut terminal = place.terminal(&["exec", "main"]);
        terminal.until(FAILED).keys(keys);
        terminal.end().with(1).says(&["main failed", "runbook resume"]);
        place.write("open", "");
        place.expect(0, &["resume"]);
        assert_eq!(place.ledger(), ["a", "gate", "gate", "b"], "{keys:?}");
    }
}

/// A step that was killed: nobody knows what it did.
fn doubtful() -> Place {
    let dies =
        r#"command("dies", #{ run: ["sh", "-c", "echo dies >> ledger; test -e open || kill -9 $$"], rollback: "nothing" });"#;
    Place::with(&(dies.to_owned() + &effect("b", r#""nothing""#)))
}

const IN_DOUBT: &str = "d, n, s? ";

#[test]
fn a_step_in_doubt_that_did_is_left_behind() {
    let place = doubtful();
    let mut terminal = place.terminal(&["exec", "main"]);
    terminal.until("did it take effect?").until(IN_DOUBT).keys("d\r").until("how do you know?").keys("the ledger says so\r");
    terminal.end().with(0);
    assert_eq!(place.ledger(), ["dies", "b"]);
    let resolved = place.journal().into_iter().find(|record| record["type"] == "step_resolved").expect("it is resolved");
    assert_eq!((&resolved["verdict"], &resolved["why"]), (&"did".into(), &"the ledger says so".into()));
}

#[test]
fn a_step_in_doubt_that_did_not_is_done_again() {
    let place = doubtful();
    let mut terminal = place.terminal(&["exec", "main"]);
    terminal.until(IN_DOUBT);
    place.write("open", "");
    terminal.keys("n\r").until("how do you know?").keys("looked\r");
    terminal.end().with(0);
    assert_eq!(place.ledger(), ["dies", "dies", "b"]);
}

#[test]
fn a_step_in_doubt_stays_in_doubt_when_nobody_says() {
    for keys in ["s\r", "\x03"] {
        let place = doubtful();
        let mut terminal = place.terminal(&["exec", "main"]);
        terminal.until(IN_DOUBT).keys(keys);
        terminal.end().with(5).says(&["in doubt", "runbook resolve"]);
        // On resume the same question comes before anything else.
        let mut terminal = place.terminal(&["resume"]);
        terminal.until(IN_DOUBT).keys("d\r").until("how do you know?").keys("yes\r");
        terminal.end().with(0);
        assert_eq!(place.ledger(), ["dies", "b"]);
    }
}

#[test]
fn nothing_moves_while_somebody_thinks() {
    // Longer than the question takes to be asked on a machine with a lot to do.
    let place = Place::with(
        r#"runbook(#{ title: "T", owner: "o", budget: "3s" });
        confirm("Sure?");"#,
    );
    let mut terminal = place.terminal(&["exec", "main"]);
    // The promise breaks while the question stands: it is told on a line of its own, and the answer still counts.
    terminal.until("yes or no? [y/N] ").until("over its budget").keys("y\r");
    let ended = terminal.end().with(0);
    let behind = ended.shown.split("yes or no? [y/N] ").nth(1).expect("the question");
    assert!(behind.starts_with("\r\n"), "{behind:?}");
    assert!(!behind.contains('⠋') && !behind.contains('⠙'), "no live line over a question: {behind:?}");
}

/// A title, a question and output that try to own the terminal.
const HOSTILE: &str = r#"
let evil = "\x1b]0;owned\x07\x1b[2J\x1b[31m\u202e\u009b5m";
print(evil);
check("its value is shown", || evil);
command("loud", #{ run: ["sh", "-c", "printf '%s\\n' \"$1\"; echo > began; cat go >/dev/null", "sh", evil], rollback: "nothing" });
confirm("Really?", #{ details: `more\n${evil}` });
command("fails", #{ run: ["sh", "-c", "printf '%s' \"$1\" >&2; exit 3", "sh", evil], rollback: "nothing" });
"#;

/// What is left of the sequences that we write ourselves: colours, and erasing to the end of the line.
fn foreign(shown: &str) -> Option<char> {
    let mut rest = shown;
    while let Some(at) = rest.find(|c: char| c.is_control() && !matches!(c, '\r' | '\n') || matches!(c, '\u{202e}')) {
        let tail = &rest[at..];
        let ours = tail.strip_prefix("\u{1b}[").and_then(|tail| {
            let end = tail.find(|c: char| !(c.is_ascii_digit() || c == ';'))?;
            tail[end..].starts_with(['m', 'K']).then(|| &tail[end + 1..])
        });
        match ours {
            Some(behind) => rest = behind,
            None => return tail.chars().next(),
        }
    }
    None
}

#[test]
fn no_text_of_others_reaches_the_terminal_raw() {
    let place = Place::with(HOSTILE);
    place.fifo("began");
    place.fifo("go");
    let mut terminal = place.terminal(&["exec", "main", "--verbose"]);
    place.wait_for("began");
    terminal.until("loud").until("owned");
    place.write("go", "");
    terminal.until("yes or no?").keys("y\r").until("r, k, s? ").keys("s\r");
    let ended = terminal.end().with(1);
    assert_eq!(foreign(&ended.shown), None, "{}", ended.shown.escape_debug());
    assert!(foreign("\u{1b}]0;x\u{7}") == Some('\u{1b}') && foreign("\u{1b}[2J") == Some('\u{1b}'), "the test can fail");
}

#[test]
fn the_live_line_shows_the_last_line_of_output() {
    let place = Place::with(
        r#"command("load", #{ run: ["sh", "-c", "echo 10 percent; echo 50 percent; echo > began; cat go > /dev/null; echo done"], rollback: "nothing" });"#,
    );
    place.fifo("began");
    place.fifo("go");
    let mut terminal = place.terminal(&["exec", "main"]);
    place.wait_for("began");
    terminal.until("50 percent");
    place.write("go", "");
    let ended = terminal.end().with(0);
    assert!(!ended.screen().iter().any(|line| line.contains("percent")), "it is gone in the end:\n{:?}", ended.screen());
}

#[test]
fn verbose_shows_all_of_it() {
    let place = Place::with(r#"command("count", #{ run: ["seq", "1", "300"], rollback: "nothing" });"#);
    let screen = place.terminal(&["exec", "main", "-v"]).end().with(0).screen();
    for n in [1, 2, 150, 299, 300] {
        assert!(screen.iter().any(|line| line.trim_start().trim_start_matches('│').trim() == n.to_string()), "{n}: {screen:?}");
    }
}

#[test]
fn a_narrow_terminal_is_never_overrun_by_the_live_line() {
    let place = Place::with(
        r#"command("a name that is much longer than the terminal is wide", #{ run: ["sh", "-c", "echo an output that is longer still than that; echo > began; cat go > /dev/null"], rollback: "nothing" });"#,
    );
    place.fifo("began");
    place.fifo("go");
    let mut terminal = place.terminal_like(24, &[("TERM", "xterm")], &["exec", "main"]);
    place.wait_for("began");
    terminal.until("\u{1b}[K").until("\u{1b}[K");
    place.write("go", "");
    let ended = terminal.end().with(0);
    let mut drawings = 0;
    for drawing in ended.shown.split("\u{1b}[K").filter_map(|part| part.rsplit_once('\r').map(|(_, live)| live)) {
        let plain = drawing.split("\u{1b}[").map(|part| part.split_once('m').map_or(part, |(_, rest)| rest)).collect::<String>();
        assert!(plain.chars().count() < 24, "{plain:?}");
        drawings += usize::from(!plain.is_empty());
    }
    assert!(drawings > 0, "{}", ended.shown.escape_debug());
}

#[test]
fn a_dumb_terminal_gets_lines_and_can_be_asked() {
    let place = gated();
    let mut terminal = place.terminal_like(80, &[("TERM", "dumb")], &["exec", "main"]);
    terminal.until(FAILED);
    place.write("open", "");
    terminal.keys("r\r");
    let ended = terminal.end().with(0);
    assert!(!ended.shown.contains('\u{1b}'), "{}", ended.shown.escape_debug());
}

#[test]
fn no_color_takes_the_colours_and_leaves_the_live_line() {
    let place = Place::with(&effect("a", r#""nothing""#));
    let ended = place.terminal_like(80, &[("TERM", "xterm"), ("NO_COLOR", "1")], &["exec", "main"]).end().with(0);
    assert!(!ended.shown.replace("\u{1b}[K", "").contains('\u{1b}'), "{}", ended.shown.escape_debug());
    let coloured = place.terminal(&["exec", "main"]).end().with(0);
    assert!(coloured.shown.contains("\u{1b}[32m"), "{}", coloured.shown.escape_debug());
}
