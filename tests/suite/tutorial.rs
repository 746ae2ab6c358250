//! `runbook tutorial`: what it says is what happens.

use std::fs;

use crate::support::Place;

#[test]
fn without_a_terminal_it_walks_through_all_of_it_and_leaves_nothing() {
    let place = Place::new();
    fs::create_dir(place.path("tmp")).expect("a directory");
    let output = place.command(&["tutorial", "--yes"]).env("TMPDIR", place.path("tmp")).output().expect("the binary starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}");
    // Not the shell's own `Killed`: it says nothing when it has reaped the engine before it waits for it.
    for text in
        ["withheld command: copy it to the mirror", "$ kill -KILL", "died", "resuming", "verified: 2 runs", "publish rolled back"]
    {
        assert!(said.contains(text), "`{text}` is not said:\n{said}");
    }
    assert_eq!(fs::read_dir(place.path("tmp")).expect("a directory").count(), 0);
}

#[test]
fn at_a_terminal_each_part_is_asked_for_and_can_be_declined() {
    let place = Place::new();
    let mut terminal = place.terminal(&["tutorial", "play"]);
    terminal.until("Look at a runbook?").until("[y/N]").keys("y\r");
    terminal.until("Rehearse it?").until("[y/N]").keys("n\r");
    terminal.end().with(8);
    assert_eq!(place.read("play/site/page"), "old\n");
    assert!(!place.path("play/ledger").exists());
}

#[test]
fn at_a_terminal_the_runs_inside_look_as_they_do_at_one() {
    let place = Place::new();
    let coloured = place.terminal(&["tutorial", "--yes"]).end().with(0);
    for text in ["\u{1b}[36m◌\u{1b}[0m", "runbook-keeper ("] {
        assert!(coloured.shown.contains(text), "`{text}` is not shown:\n{}", coloured.shown);
    }
    assert!(!coloured.shown.contains("Z withheld command"), "the form of a log:\n{}", coloured.shown);
    // What the walk itself leaves is gone by then: nobody is sent there.
    let screen = coloured.screen();
    let end = screen.iter().position(|line| line.contains("tutorial completed")).expect("the end");
    let named = screen[end..].iter().find(|line| line.contains("run 0") || line.contains("trail "));
    assert_eq!(named, None, "{screen:?}");

    let dim = [("TERM", "xterm"), ("NO_COLOR", "1")];
    let plain = place.terminal_like(60, &dim, &["tutorial", "--yes", "kept"]).end().with(0);
    assert!(plain.shown.contains("│ ◌ write the new page"), "marks, and no room for the kind:\n{}", plain.shown);
    plain.says(&["trail ", "all of it is in"]);
}

#[test]
fn it_takes_no_directory_that_holds_something() {
    let place = Place::new();
    place.write("full/mine", "x");
    place.expect(2, &["tutorial", "--yes", "full"]).says(&["holds something already"]);
    place.expect(2, &["tutorial"]).says(&["nobody sits at a terminal", "--yes"]);
    assert_eq!(fs::read_dir(place.path("full")).expect("a directory").count(), 1);
}

#[test]
fn its_runbooks_have_no_mistakes() {
    let place = Place::new();
    for (name, text) in [
        ("publish", include_str!("../../engine/cli/tutorial/publish.rhai")),
        ("tutorial", include_str!("../../engine/cli/tutorial/tutorial.rhai")),
    ] {
        place.runbook(name, text);
    }
    place.expect(0, &["check"]).says(&["no mistakes"]);
}
