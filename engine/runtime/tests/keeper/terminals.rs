//! Commands that get a terminal.

use runbook_model::answer::ExitStatus;
use runbook_model::length::Length;
use runbook_model::manner::Terminal;
use runbook_runtime::keeper::{Job, RunEnd, Typed, Window};
use tokio::sync::{mpsc, watch};

use crate::place::{Place, block_on, exited, sh};

crate::tests![
    a_command_finds_a_terminal_and_the_end_of_its_input,
    what_is_typed_is_read_and_not_shown_back,
    much_input_goes_through_a_terminal,
    the_last_words_at_a_terminal_are_heard,
    a_command_at_a_terminal_is_stopped_like_any,
    a_person_types_and_sees_and_can_have_enough,
    a_program_that_cannot_be_started_at_a_terminal_says_so,
];

fn at(terminal: Terminal, script: &str) -> Job {
    let mut job = sh(script);
    job.manner.terminal = Some(terminal);
    job
}

fn text(exited: &runbook_model::answer::Exited) -> String {
    assert_eq!(exited.stderr.size, 0, "both streams come out of the terminal");
    String::from_utf8(exited.stdout.head.0.clone()).expect("text")
}

fn a_command_finds_a_terminal_and_the_end_of_its_input() {
    let place = Place::new();
    let job = at(
        Terminal::Own,
        // A terminal of its own, which is the one of its session; it leads its group; nothing else is inherited.
        "test -t 0 && test -t 1 && test -t 2 && echo yes; echo to >/dev/tty; cat; stty size; echo err >&2; ls -x /proc/self/fd; \
         test \"$(ps -o sid= -p $$ | tr -d ' ')\" = $$ && echo leads",
    );
    let exited = block_on(exited(&place.keeper(), 1, job));
    assert_eq!(text(&exited), "yes\nto\n24 80\nerr\n0  1  2  3\nleads\n");
    assert_eq!(exited.status, ExitStatus::Code(0));
}

fn what_is_typed_is_read_and_not_shown_back() {
    let place = Place::new();
    let keeper = place.keeper();
    for (key, typed) in [(1, "one\ntwo\n"), (2, "one\ntwo")] {
        let mut job = at(Terminal::Own, "read a; echo \"<$a>\"; cat");
        job.stdin = Some(typed.to_owned());
        assert_eq!(text(&block_on(exited(&keeper, key, job))), format!("<one>\n{}", &typed[4..]));
    }
}

fn much_input_goes_through_a_terminal() {
    let place = Place::new();
    let typed: String = (0..20_000).map(|n| format!("line {n}\n")).collect();
    let mut job = at(Terminal::Own, "cat | md5sum");
    job.stdin = Some(typed.clone());
    let mut plain = sh("md5sum");
    plain.stdin = Some(typed);
    let keeper = place.keeper();
    let (job, plain) = (block_on(exited(&keeper, 1, job)), block_on(exited(&keeper, 2, plain)));
    assert_eq!(job.stdout, plain.stdout);
}

fn the_last_words_at_a_terminal_are_heard() {
    let place = Place::new();
    let keeper = place.keeper();
    for key in 1..40 {
        let exited = block_on(exited(&keeper, key, at(Terminal::Own, "seq 1 2000; exit 3")));
        assert_eq!((exited.status, text(&exited).lines().last()), (ExitStatus::Code(3), Some("2000")));
    }
    // Somebody stays behind who holds the terminal, and is not waited for.
    let there = place.dir.join("there");
    let script = format!("setsid sh -c '>{0}; sleep 600' & until test -e {0}; do :; done; echo mine", there.display());
    let exited = block_on(exited(&keeper, 99, at(Terminal::Own, &script)));
    assert_eq!(text(&exited), "mine\n");
    assert!(!exited.left_running.is_empty());
    exited.left_running.iter().for_each(|process| crate::place::kill(process.pid));
}

fn a_command_at_a_terminal_is_stopped_like_any() {
    let place = Place::new();
    let keeper = place.keeper();
    let (_sender, stop) = watch::channel(false);
    // So short that the stop may come before the command has a group of its own.
    for (key, millis) in [(1, 1), (2, 2), (3, 5), (4, 200)] {
        let job = at(Terminal::Own, "sleep 600 & sleep 600");
        let end = block_on(keeper.run(key, job, Some(Length::from_millis(millis)), stop.clone(), |_, _| ()));
        let RunEnd::TimedOut { receipt, exited } = end else { panic!("{end:?}") };
        assert_eq!((exited.status, receipt.survived.len(), receipt.killed), (ExitStatus::Signal(15), 0, false));
    }
}

fn a_person_types_and_sees_and_can_have_enough() {
    let place = Place::new();
    let keeper = place.keeper();
    let (_sender, stop) = watch::channel(false);
    let (keys, typed) = mpsc::unbounded_channel();
    let script = "stty -echo; printf 'Password: '; read p; stty echo; echo; echo \"got $p\"; \
                  trap 'stty size; echo resized' WINCH; echo ready; while :; do sleep 0.02; done";
    let mut shown = String::new();
    let mut step = 0;
    let end = block_on(keeper.run_with(1, at(Terminal::Operators, script), None, stop, Some(typed), |_, bytes| {
        shown.push_str(&String::from_utf8_lossy(bytes));
        let next = [
            ("Password: ", Typed::Keys(b"hunter2\r".to_vec())),
            ("ready", Typed::Resized(Window { rows: 11, columns: 33 })),
            ("resized", Typed::Enough),
        ];
        if let Some((wanted, then)) = next.get(step)
            && shown.contains(wanted)
        {
            keys.send(then.clone()).expect("somebody listens");
            step += 1;
        }
    }));
    let RunEnd::Stopped { exited, .. } = end else { panic!("{end:?}") };
    assert_eq!(shown, "Password: \r\ngot hunter2\r\nready\r\n11 33\r\nresized\r\n");
    assert_eq!(text(&exited), shown);
}

fn a_program_that_cannot_be_started_at_a_terminal_says_so() {
    let place = Place::new();
    let mut job = at(Terminal::Own, "");
    job.argv = vec!["/no/such/program".to_owned()];
    let exited = block_on(exited(&place.keeper(), 1, job));
    assert_eq!(exited.status, ExitStatus::Code(127));
    assert!(text(&exited).contains("`/no/such/program` was not started"), "{}", text(&exited));
}
