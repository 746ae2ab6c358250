//! What people and programs read.

use crate::support::Place;

#[test]
fn the_exit_codes_are_told() {
    let place = Place::new();
    let ran = place.expect(0, &["help", "exit-codes"]);
    for code in ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "130"] {
        assert!(ran.out.lines().any(|line| line.trim_start().starts_with(code)), "{code} is missing:\n{ran}");
    }
}

#[test]
fn without_a_terminal_there_are_no_control_sequences() {
    let place = Place::with(r#"command("colours", #{ run: ["printf", "\\033[31mred\\033[0m"], rollback: "nothing" });"#);
    let ran = place.expect(0, &["exec", "main"]);
    assert!(!ran.err.contains('\u{1b}'), "{}", ran.err.escape_debug());
}

#[test]
fn long_output_is_bounded_in_the_journal_and_whole_on_disk() {
    let place = Place::with(r#"command("much", #{ run: ["sh", "-c", "yes | head -c 10000000"], rollback: "nothing" });"#);
    place.expect(0, &["exec", "main"]);
    let ended = place.journal().into_iter().find(|r| r["type"] == "step_ended").expect("an end");
    assert_eq!(ended["outcome"]["succeeded"]["exited"]["stdout"]["size"], 10_000_000);
    assert!(std::fs::metadata(place.journal_path()).expect("a journal").len() < 200_000);
}
