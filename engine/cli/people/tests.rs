//! Real pseudo-terminals: the test holds the far end, as a terminal emulator does.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;
use std::time::Duration;

use runbook_model::answer::Said;
use runbook_model::digest::Digest;
use runbook_model::path::StepPath;
use runbook_model::person::{From, Person};
use runbook_model::step::{Check, Confirm, StepKind, StepSpec};
use runbook_runtime::world::{Choice, Chosen, Question, Reaction};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use super::AtTerminal;
use crate::operator::Operator;
use crate::output::style::Palette;

/// The far end of a terminal, and the near end kept open so that hanging up is the test's own doing.
struct Emulator {
    far: File,
    near: File,
    path: PathBuf,
}

fn emulator() -> Emulator {
    let far = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
    grantpt(&far).unwrap();
    unlockpt(&far).unwrap();
    let path = PathBuf::from(OsStr::from_bytes(ptsname(&far, Vec::new()).unwrap().as_bytes()));
    let near = File::options().read(true).write(true).open(&path).unwrap();
    Emulator { far: far.into(), near, path }
}

impl Emulator {
    /// Reads until `text` was shown; what came before it is returned as well.
    fn read_until(far: &mut File, text: &str) -> String {
        let mut shown = Vec::new();
        let mut byte = [0; 1];
        while !String::from_utf8_lossy(&shown).ends_with(text) {
            far.read_exact(&mut byte).unwrap_or_else(|error| panic!("{error} after {:?}", String::from_utf8_lossy(&shown)));
            shown.push(byte[0]);
        }
        String::from_utf8(shown).unwrap()
    }

    /// Answers each prompt, on a thread of its own, and returns everything that was shown.
    fn play(&self, script: &'static [(&'static str, &'static str)]) -> std::thread::JoinHandle<String> {
        let mut far = self.far.try_clone().unwrap();
        std::thread::spawn(move || {
            let mut shown = String::new();
            for (prompt, keys) in script {
                shown.push_str(&Self::read_until(&mut far, prompt));
                far.write_all(keys.as_bytes()).unwrap();
            }
            shown
        })
    }

    fn people(&self) -> AtTerminal {
        AtTerminal::at(
            self.path.clone(),
            Operator { person: alice(), groups: vec!["oncall".to_owned()] },
            alice(),
            Palette::plain(),
        )
    }
}

fn alice() -> Person {
    Person { name: "alice".to_owned(), host: "ops-1".to_owned(), from: From::Terminal }
}

fn question(text: &str, confirm: Confirm) -> Question {
    let (path, left) = (StepPath::root().child(text, 1), confirm.deadline);
    Question { path, text: text.to_owned(), confirm, shown: Digest::of(text.as_bytes()), left, shortage: None }
}

fn wait<T>(task: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async { tokio::time::timeout(Duration::from_secs(20), task).await.expect("an answer") })
}

fn said(reaction: &Reaction) -> &Said {
    match reaction {
        Reaction::Answered { said, .. } => said,
        other => panic!("{other:?}"),
    }
}

#[test]
fn silence_is_no_and_only_yes_is_yes() {
    for (keys, meant) in [("y\n", Said::Yes), ("yes\n", Said::Yes), ("\n", Said::No), ("n\n", Said::No)] {
        let emulator = emulator();
        let script: &'static [(&str, &str)] = Box::leak(Box::new([("[y/N] ", keys)]));
        let far = emulator.play(script);
        let reaction = wait(emulator.people().ask(&question("Go?", Confirm::default())));
        assert_eq!(said(&reaction), &meant, "{keys:?}");
        far.join().unwrap();
    }
}

#[test]
fn what_was_typed_before_the_question_is_no_answer() {
    let mut emulator = emulator();
    emulator.far.write_all(b"y\ny\n").unwrap();
    // The echo shows that the keys have reached the line discipline.
    Emulator::read_until(&mut emulator.far, "y\r\ny\r\n");
    let far = emulator.play(&[("[y/N] ", "n\n")]);
    assert_eq!(said(&wait(emulator.people().ask(&question("Go?", Confirm::default())))), &Said::No);
    far.join().unwrap();
}

#[test]
fn a_question_cannot_redraw_itself() {
    let emulator = emulator();
    let confirm = Confirm { details: Some("a\u{1b}[2J\u{202e}b\nsecond\rX".to_owned()), ..Confirm::default() };
    let far = emulator.play(&[("[y/N] ", "maybe\n"), ("[y/N] ", "n\n")]);
    wait(emulator.people().ask(&question("Drop \u{1b}]0;x\u{7}it?", confirm)));
    let shown = far.join().unwrap();
    assert!(shown.contains("Drop ␛]0;x␇it?") && shown.contains("a␛[2J\\u{202e}b") && shown.contains("second␍X"), "{shown}");
    assert!(!shown.contains('\u{1b}') && shown.contains("`yes` or `no` is wanted"), "{shown}");
}

#[test]
fn choices_and_typed_input() {
    let emulator = emulator();
    let confirm = Confirm { choices: vec!["blue".to_owned(), "green".to_owned()], ..Confirm::default() };
    let far = emulator.play(&[
        ("open: ", "\n"),
        ("open: ", "3\n"),
        ("open: ", "2\n"),
        ("ticket: ", "\u{1b}[A\n"),
        ("ticket: ", "OPS-1\n"),
    ]);
    let people = emulator.people();
    let both = async {
        let chosen = people.ask(&question("Which?", confirm)).await;
        let ticket = Confirm { input: Some("ticket".to_owned()), ..Confirm::default() };
        (chosen, people.ask(&question("Why?", ticket)).await)
    };
    let (chosen, entered) = wait(both);
    assert_eq!((said(&chosen), said(&entered)), (&Said::Chose("green".to_owned()), &Said::Entered("OPS-1".to_owned())));
    far.join().unwrap();
}

#[test]
fn a_deadline_a_closed_terminal_and_the_end_of_input_answer_nothing() {
    let emulator = emulator();
    let confirm = Confirm { deadline: "50ms".parse().ok(), ..Confirm::default() };
    assert_eq!(wait(emulator.people().ask(&question("Go?", confirm))), Reaction::TimedOut);
    let far = emulator.play(&[("[y/N] ", ""), ("[y/N] ", "\u{4}")]);
    assert_eq!(wait(emulator.people().ask(&question("Go?", Confirm::default()))), Reaction::Nobody);
    far.join().unwrap();
    // Not a closed one of ours: the kernel may have given its number to the terminal of another test.
    let people = AtTerminal::at(
        PathBuf::from("/dev/pts/none"),
        Operator { person: alice(), groups: Vec::new() },
        alice(),
        Palette::plain(),
    );
    assert_eq!(wait(people.ask(&question("Go?", Confirm::default()))), Reaction::Nobody);
}

#[test]
fn a_terminal_that_closes_under_a_question_suspends() {
    let emulator = emulator();
    let people = emulator.people();
    let Emulator { mut far, near, .. } = emulator;
    let hangup = std::thread::spawn(move || {
        Emulator::read_until(&mut far, "[y/N] ");
        drop(near);
        drop(far);
    });
    assert_eq!(wait(people.ask(&question("Go?", Confirm::default()))), Reaction::Nobody);
    hangup.join().unwrap();
}

#[test]
fn whoever_runs_it_cannot_agree_where_another_has_to() {
    let emulator = emulator();
    let confirm = Confirm { not_self: true, ..Confirm::default() };
    assert_eq!(wait(emulator.people().ask(&question("Go?", confirm))), Reaction::Nobody);
}

#[test]
fn a_question_that_is_taken_back_leaves_the_terminal_as_it_was() {
    let emulator = emulator();
    let before = format!("{:?}", rustix::termios::tcgetattr(&emulator.near).unwrap());
    let people = emulator.people();
    let gone =
        wait(async { tokio::time::timeout(Duration::from_millis(30), people.ask(&question("Go?", Confirm::default()))).await });
    assert!(gone.is_err());
    assert_eq!(format!("{:?}", rustix::termios::tcgetattr(&emulator.near).unwrap()), before);
    let far = emulator.play(&[("[y/N] ", ""), ("[y/N] ", "y\n")]);
    assert_eq!(said(&wait(people.ask(&question("Go?", Confirm::default())))), &Said::Yes);
    far.join().unwrap();
}

fn failed(owed: usize, rolling_back: bool) -> Choice {
    let spec = StepSpec { name: "restart".to_owned(), kind: StepKind::Check(Check::default()) };
    let path = StepPath::root().child("restart", 1);
    let owed = (1..=owed).rev().map(|nth| StepPath::root().child(&format!("change {nth}"), 1)).collect();
    Choice::Failed { path, spec: Some(spec), why: "exit code 3".to_owned(), owed, rolling_back }
}

#[test]
fn a_failed_step_is_passed_over_with_a_reason_only() {
    let emulator = emulator();
    let far = emulator.play(&[
        ("r, k, b, s? ", "\n"),
        ("r, k, b, s? ", "k\n"),
        ("passed over? ", "\n"),
        ("r, k, b, s? ", "skip\n"),
        ("passed over? ", "known\n"),
    ]);
    let chosen = wait(emulator.people().choose(&failed(2, false)));
    assert!(matches!(chosen, Some(Chosen::Skip { why, .. }) if why == "known"));
    let shown = far.join().unwrap();
    assert!(shown.contains("take back `change 2`, then `change 1`\r\n"), "{shown}");
    let menu = |text: &str| text.matches("[k] skip: pass over it").count();
    assert_eq!(menu(&shown), 3, "at first, behind what means nothing, and behind a reason that was not given: {shown}");
}

#[test]
fn a_question_mark_shows_the_menu_again_and_a_long_rollback_is_counted() {
    let emulator = emulator();
    let far = emulator.play(&[("r, k, b, s? ", "?\n"), ("r, k, b, s? ", "s\n")]);
    assert_eq!(wait(emulator.people().choose(&failed(5, false))), Some(Chosen::Stop));
    let shown = far.join().unwrap();
    let named = "take back `change 5`, then `change 4`, then `change 3`, then 2 more\r\n";
    assert_eq!(shown.matches(named).count(), 2, "{shown}");
    assert!(!shown.contains("one of the letters is wanted"), "{shown}");
}

#[test]
fn rollback_is_offered_where_something_is_owed_and_stop_always() {
    let emulator = emulator();
    let far = emulator.play(&[("r, k, s? ", "b\n"), ("r, k, s? ", "s\n")]);
    assert_eq!(wait(emulator.people().choose(&failed(0, false))), Some(Chosen::Stop));
    far.join().unwrap();
    let far = emulator.play(&[("r, k, s? ", "\u{4}")]);
    assert_eq!(wait(emulator.people().choose(&failed(2, true))), Some(Chosen::Stop));
    far.join().unwrap();
}

#[test]
fn a_step_in_doubt_is_settled_with_how_one_knows() {
    let emulator = emulator();
    let spec = StepSpec { name: "restart".to_owned(), kind: StepKind::Check(Check::default()) };
    let known = "started at 03:00:12\nprocess 77 is gone".to_owned();
    let choice = Choice::InDoubt { path: StepPath::root().child("restart", 1), spec, known };
    let far = emulator.play(&[("d, n, s? ", "n\n"), ("know? ", "the old release answers\n")]);
    let chosen = wait(emulator.people().choose(&choice));
    assert!(matches!(chosen, Some(Chosen::DidNot { why, .. }) if why == "the old release answers"));
    assert!(far.join().unwrap().contains("    process 77 is gone\r\n"));
}

#[test]
fn a_question_is_laid_within_the_columns_and_says_all_of_it() {
    let details = "The last release is 2026-11-20.3 and it was deployed by the pipeline of team-api.\n  - what runs now: /srv/api/releases/2026-11-20.3-a-very-long-name-of-a-release";
    let asked = question(
        "Roll the service back to the release before, although the database was migrated?",
        Confirm {
            details: Some(details.to_owned()),
            choices: vec!["wait".into(), "roll back and tell the people who own it".into()],
            ..Confirm::default()
        },
    );
    let letters = |text: &str| text.chars().filter(|letter| !letter.is_whitespace()).collect::<String>();
    let whole = super::question::shown(&asked, Palette::plain(), None);
    assert_eq!(whole.lines().count(), 6, "{whole}");
    for columns in [80, 40] {
        let shown = super::question::shown(&asked, Palette::plain(), Some(columns));
        assert!(shown.lines().all(|line| line.chars().count() <= columns), "{shown}");
        assert_eq!(letters(&shown), letters(&whole));
        assert!(shown.contains("\n  ") && shown.contains("    [2] roll back"), "{shown}");
    }
    let narrow = super::question::shown(&asked, Palette::plain(), Some(40));
    assert!(narrow.contains("    [2] roll back and tell the people\n        who own it\n"), "{narrow}");
}
