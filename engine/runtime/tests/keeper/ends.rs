//! How commands begin and end.

use std::path::PathBuf;
use std::time::Instant;

use runbook_model::answer::ExitStatus;
use runbook_runtime::keeper::{Found, RunEnd};

use crate::place::{Place, block_on, exited, job, kill, lives, run, sh, wait_gone};

crate::tests![
    codes_and_signals,
    what_cannot_start_says_why,
    input_is_given_and_ends,
    the_environment_is_what_was_given,
    nothing_of_ours_is_inherited,
    the_step_ends_with_the_child_and_not_with_its_output,
    a_daemon_is_named_and_lives_on,
    a_pipeline_leaves_nobody_behind,
    two_commands_at_once,
    a_number_is_used_once,
    a_look_leaves_nothing_behind,
    the_keeper_goes_when_the_engine_has_hung_up,
];

fn codes_and_signals() {
    let place = Place::new();
    let keeper = place.keeper();
    block_on(async {
        assert_eq!(exited(&keeper, 1, sh("exit 0")).await.status, ExitStatus::Code(0));
        assert_eq!(exited(&keeper, 2, sh("exit 42")).await.status, ExitStatus::Code(42));
        assert_eq!(exited(&keeper, 3, sh("kill -SEGV $$")).await.status, ExitStatus::Signal(11));
        assert_eq!(exited(&keeper, 4, sh("kill -KILL $$")).await.status, ExitStatus::Signal(9));
        let both = exited(&keeper, 5, sh("echo out; echo err >&2")).await;
        assert_eq!((both.stdout.head.0, both.stderr.head.0), (b"out\n".to_vec(), b"err\n".to_vec()));
    });
    assert_eq!((place.file("5.stdout"), place.file("5.stderr")), (b"out\n".to_vec(), b"err\n".to_vec()));
}

fn what_cannot_start_says_why() {
    let place = Place::new();
    let keeper = place.keeper();
    let script = place.dir.join("script");
    let write = |text: &str, mode: u32| {
        std::fs::write(&script, text).expect("ours");
        std::fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(mode)).expect("ours");
        job(&[script.to_str().expect("text")])
    };
    let mut nowhere = sh("true");
    nowhere.cwd = PathBuf::from("/not/there");
    block_on(async {
        let why = async |key, job| match run(&keeper, key, job).await {
            RunEnd::NotStarted { message } => message,
            other => panic!("{other:?}"),
        };
        assert_eq!(why(1, job(&["/not/there"])).await, "there is no file `/not/there`");
        assert!(why(2, write("#!/no/such/interpreter\n", 0o755)).await.contains("interpreter"));
        assert!(why(3, write("#!/bin/sh\n", 0o644)).await.contains("may not be executed"));
        assert!(why(4, write("echo no first line\n", 0o755)).await.contains("`#!`"));
        assert!(why(5, nowhere).await.contains("working directory `/not/there`"));
        assert!(why(6, job(&["/bin/echo", "a\0b"])).await.contains("NUL"));
        assert!(why(7, job(&["/bin/echo", &"x".repeat(3_000_000)])).await.contains("longer than the system takes"));
        assert!(why(8, job(&["echo"])).await.contains("absolute"));
    });
    assert!(matches!(place.recover(1), Found::Ended(RunEnd::NotStarted { .. })), "it is written down");
}

fn input_is_given_and_ends() {
    let place = Place::new();
    let keeper = place.keeper();
    let text = "a line of input\n".repeat(700_000); // 11 MiB: far more than a pipe holds
    let mut count = job(&["/usr/bin/wc", "-c"]);
    count.stdin = Some(text.clone());
    let mut deaf = sh("exit 3");
    deaf.stdin = Some(text.clone());
    block_on(async {
        let counted = exited(&keeper, 1, count).await;
        assert_eq!(counted.stdout.head.as_str().map(str::trim), Some(text.len().to_string().as_str()));
        assert_eq!(exited(&keeper, 2, deaf).await.status, ExitStatus::Code(3), "it need not be read");
        assert_eq!(exited(&keeper, 3, sh("wc -c </dev/stdin; readlink /proc/self/fd/0")).await.stdout.head.0, b"0\n/dev/null\n");
    });
}

fn the_environment_is_what_was_given() {
    let place = Place::new();
    let keeper = place.keeper();
    let mut env = job(&["/usr/bin/env"]);
    env.env = [("B", "two\nlines"), ("A", "ä")].map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let printed = block_on(exited(&keeper, 7, env)).stdout.head;
    let mut lines: Vec<_> = printed.as_str().expect("text").lines().collect();
    lines.sort_unstable();
    assert_eq!(lines, ["A=ä", "B=two", &format!("RUNBOOK_ATTEMPT={}", place.marker(7)), "lines"]);
}

fn nothing_of_ours_is_inherited() {
    let place = Place::new();
    let keeper = place.keeper();
    // `ls` has its own descriptor of the directory that it lists: 3.
    // One that our own parent might have left open:
    let leaked = std::fs::File::open("/dev/null").expect("Linux");
    rustix::io::fcntl_setfd(&leaked, rustix::io::FdFlags::empty()).expect("ours");
    let script = "ls /proc/self/fd; readlink /proc/self/fd/0; ps -o sid= -o tpgid= -p $$; echo $$ $(ps -o pgid= -p $$)";
    let listed = block_on(exited(&keeper, 1, sh(script))).stdout.head;
    let lines: Vec<_> = listed.as_str().expect("text").lines().map(str::trim).collect();
    assert_eq!(lines[..5], ["0", "1", "2", "3", "/dev/null"]);
    let session: Vec<_> = lines[5].split_whitespace().collect();
    assert_eq!(session, [place.keeper_pid().to_string().as_str(), "-1"], "the keeper's session, and no terminal");
    let (pid, group) = lines[6].split_once(' ').expect("two numbers");
    assert_eq!(pid, group.trim(), "its own group");
}

fn the_step_ends_with_the_child_and_not_with_its_output() {
    let place = Place::new();
    let keeper = place.keeper();
    let began = Instant::now();
    let ended = block_on(exited(&keeper, 1, sh("echo before; sleep 1000 & echo $!")));
    assert!(began.elapsed().as_secs() < 30);
    let printed = ended.stdout.head.as_str().expect("text").to_owned();
    let pid: u32 = printed.lines().nth(1).and_then(|pid| pid.parse().ok()).expect("a pid");
    assert!(printed.starts_with("before\n"));
    assert_eq!(ended.left_running.iter().map(|left| (left.pid, left.name.as_str())).collect::<Vec<_>>(), [(pid, "sleep")]);
    kill(pid);

    // A grandchild that never stops printing must not keep the drain going.
    let ended = block_on(exited(&keeper, 2, sh("yes & exit 5")));
    assert_eq!(ended.status, ExitStatus::Code(5));
}

fn a_daemon_is_named_and_lives_on() {
    let place = Place::new();
    let keeper = place.keeper();
    let (first, second) = block_on(async {
        let first = exited(&keeper, 1, sh("setsid sleep 1000 </dev/null >/dev/null 2>&1 &")).await;
        (first, exited(&keeper, 2, sh("true")).await)
    });
    let [daemon] = &first.left_running[..] else { panic!("{first:?}") };
    assert_eq!(daemon.name, "sleep");
    assert!(second.left_running.is_empty(), "told once, and of the command that left it");
    let keeper_pid = place.keeper_pid();
    drop(keeper);
    wait_gone(keeper_pid);
    assert!(lives(daemon.pid), "it survives its keeper");
    kill(daemon.pid);
}

fn a_pipeline_leaves_nobody_behind() {
    let place = Place::new();
    let keeper = place.keeper();
    for key in 0..10 {
        let ended = block_on(exited(&keeper, key, sh("yes | head -n 1")));
        assert_eq!((ended.stdout.head.0.as_slice(), ended.left_running), (&b"y\n"[..], vec![]));
    }
}

/// Each waits for what the other one does: one after the other would hang.
fn two_commands_at_once() {
    let place = Place::new();
    let keeper = place.keeper();
    let there = place.dir.join("pipe");
    let back = place.dir.join("back");
    let script = format!("mkfifo {0} {1}", there.display(), back.display());
    block_on(async {
        exited(&keeper, 0, sh(&script)).await;
        let one = sh(&format!("echo one >{}; cat {}", there.display(), back.display()));
        let two = sh(&format!("cat {}; echo two >{}; sleep 1000 & exit 4", there.display(), back.display()));
        let (one, two) = tokio::join!(exited(&keeper, 1, one), exited(&keeper, 2, two));
        assert_eq!((one.stdout.head.0, two.stdout.head.0), (b"two\n".to_vec(), b"one\n".to_vec()));
        assert_eq!((one.left_running.len(), two.left_running.len()), (0, 1), "told of the right one");
        kill(two.left_running[0].pid);
    });
}

fn a_number_is_used_once() {
    let place = Place::new();
    let proof = place.dir.join("proof");
    let keeper = place.keeper();
    let touch = || sh(&format!("echo x >>{}", proof.display()));
    block_on(exited(&keeper, 1, touch()));
    assert!(matches!(block_on(run(&keeper, 1, touch())), RunEnd::KeeperLost { .. }));
    let pid = place.keeper_pid();
    drop(keeper);
    wait_gone(pid);
    let next = place.keeper();
    assert!(matches!(block_on(run(&next, 1, touch())), RunEnd::KeeperLost { .. }), "a later keeper knows it too");
    assert_eq!(std::fs::read(&proof).expect("written"), b"x\n");
}

fn a_look_leaves_nothing_behind() {
    let place = Place::new();
    let keeper = place.keeper();
    let mut look = sh("echo seen");
    look.only_looks = true;
    assert_eq!(block_on(exited(&keeper, 9, look)).stdout.head.0, b"seen\n");
    assert_eq!((place.file("9.stdout"), place.file("ledger.jsonl")), (vec![], vec![]));
}

fn the_keeper_goes_when_the_engine_has_hung_up() {
    let place = Place::new();
    let keeper = place.keeper();
    block_on(exited(&keeper, 1, sh("true")));
    let pid = place.keeper_pid();
    block_on(exited(&keeper, 2, sh("true")));
    assert_eq!(place.keeper_pid(), pid, "one keeper for all");
    drop(keeper);
    wait_gone(pid);
    assert!(!place.dir.join("keeper.sock").exists());
}
