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
    for text in
        ["withheld command: copy it to the mirror", "Killed", "died", "resuming", "verified: 2 runs", "publish rolled back"]
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
