//! Commands that are stopped.

use std::os::unix::process::CommandExt as _;
use std::sync::atomic::{AtomicBool, Ordering};

use runbook_model::answer::{ExitStatus, Exited, KillReceipt};
use runbook_model::length::Length;
use runbook_model::manner::Reach;
use runbook_runtime::keeper::{Job, Keeper, RunEnd};
use tokio::sync::watch;

use crate::place::{Place, block_on, eventually, exited, kill, lives, sh};

crate::tests![
    a_time_limit_stops_the_whole_group,
    who_ignores_sigterm_is_killed_after_the_grace,
    who_left_the_group_is_named_and_spared,
    everything_means_everything,
    who_gets_the_number_of_a_leader_that_is_gone_is_spared,
    a_command_that_gets_the_number_of_one_that_is_being_stopped_has_an_end_of_its_own,
    a_look_that_nobody_waits_for_is_stopped,
    whoever_only_asks_and_is_not_waited_for_leaves_and_stops_nothing,
    a_stopped_run_begins_nothing,
    a_command_that_handles_sigterm_may_finish,
];

/// Runs a job and stops it as soon as it prints `ready`.
async fn stopped_when_ready(keeper: &Keeper, key: u64, job: Job) -> (KillReceipt, Exited) {
    let (sender, stop) = watch::channel(false);
    let mut heard = Vec::new();
    let end = keeper.run(key, job, None, stop, |_, bytes| {
        heard.extend_from_slice(bytes);
        if heard.windows(5).any(|window| window == b"ready") {
            sender.send_replace(true);
        }
    });
    match end.await {
        RunEnd::Stopped { receipt, exited } => (receipt, exited),
        other => panic!("{other:?}"),
    }
}

fn a_time_limit_stops_the_whole_group() {
    let place = Place::new();
    let keeper = place.keeper();
    let (_sender, stop) = watch::channel(false);
    let job = sh("sleep 1000 & echo begun; sleep 1000; echo never");
    let end = block_on(keeper.run(1, job, Some(Length::from_millis(300)), stop, |_, _| ()));
    let RunEnd::TimedOut { receipt, exited } = end else { panic!("{end:?}") };
    assert_eq!((exited.status, exited.stdout.head.0), (ExitStatus::Signal(15), b"begun\n".to_vec()));
    let mut names: Vec<_> = receipt.stopped.iter().map(|process| process.name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["sh", "sleep", "sleep"]);
    assert_eq!((receipt.survived, receipt.killed), (vec![], false));
    assert!(receipt.stopped.iter().all(|process| !lives(process.pid)));
}

fn who_ignores_sigterm_is_killed_after_the_grace() {
    let place = Place::new();
    let keeper = place.keeper();
    let mut job = sh("trap '' TERM; echo ready; while :; do sleep 1; done");
    job.grace = Length::from_millis(200);
    let (receipt, exited) = block_on(stopped_when_ready(&keeper, 1, job));
    assert_eq!((exited.status, receipt.killed, receipt.survived.len()), (ExitStatus::Signal(9), true, 0));
    assert!(exited.millis >= 200);

    // The leader goes at once, its child does not: the step is over when the group is.
    let mut job = sh("(trap '' TERM; echo ready; while :; do sleep 1; done) & wait");
    job.grace = Length::from_millis(200);
    let (receipt, exited) = block_on(stopped_when_ready(&keeper, 2, job));
    assert_eq!((exited.status, receipt.killed), (ExitStatus::Signal(15), true));
    assert!(receipt.stopped.iter().all(|process| !lives(process.pid)) && receipt.survived.is_empty(), "{receipt:?}");
}

fn who_left_the_group_is_named_and_spared() {
    let place = Place::new();
    let keeper = place.keeper();
    let (receipt, _) = block_on(stopped_when_ready(&keeper, 1, sh("setsid sh -c 'echo ready; exec sleep 1000' & wait")));
    let [survivor] = &receipt.survived[..] else { panic!("{receipt:?}") };
    assert!(lives(survivor.pid) && !receipt.killed);
    assert!(receipt.stopped.iter().any(|process| process.name == "sh"));
    kill(survivor.pid);
}

fn everything_means_everything() {
    let place = Place::new();
    let keeper = place.keeper();
    // One hears SIGTERM outside of the group, one does not; a third has left its parents and its environment behind.
    let numbers = tempfile::tempdir().expect("a directory");
    let up = numbers.path().join("up");
    let script = format!(
        "export UP={0}; : >$UP; setsid sh -c 'echo $$ >>$UP; exec sleep 1000' & \
         setsid sh -c 'trap \"\" TERM; echo $$ >>$UP; sleep 1000; sleep 1000' & \
         until [ \"$(wc -l <$UP)\" -eq 2 ]; do :; done; \
         (setsid env -i sh -c 'echo $$ >>{0}; exec sleep 1000' &); \
         until [ \"$(wc -l <$UP)\" -eq 3 ]; do :; done; echo ready; sleep 1000",
        up.display()
    );
    let mut job = sh(&script);
    job.grace = Length::from_millis(300);
    job.manner.stop = Reach::Everything;
    let (receipt, exited) = block_on(stopped_when_ready(&keeper, 1, job));
    assert_eq!((exited.status, receipt.killed), (ExitStatus::Signal(15), true));
    assert!(receipt.stopped.iter().all(|process| !lives(process.pid)), "{receipt:?}");
    let outside = std::fs::read_to_string(&up).expect("their numbers");
    let outside: Vec<u32> = outside.lines().map(|line| line.parse().expect("a number")).collect();
    let [hears, ignores, gone] = outside[..] else { panic!("{outside:?}") };
    for pid in [hears, ignores] {
        assert!(receipt.stopped.iter().any(|process| process.pid == pid), "{pid} is not in {receipt:?}");
    }
    // It cannot be told from anybody else's for certain: so it is named, and left to a person.
    assert_eq!(receipt.survived.iter().map(|process| process.pid).collect::<Vec<_>>(), [gone], "{receipt:?}");
    kill(gone);
    let left = std::fs::read_dir("/sys/fs/cgroup/unified").into_iter().flatten().flatten();
    assert!(
        !left
            .into_iter()
            .any(|entry| entry.file_name().to_string_lossy().starts_with(&format!("runbook-{}-", place.keeper_pid())))
    );
}

/// How long the machine runs, as the kernel says when a process began.
fn hundredths() -> i64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    now.tv_sec * 100 + now.tv_nsec / 10_000_000
}

/// Stops a command whose leader ends at once, and somebody else of it only when it is killed. What happens between the two is
/// `meanwhile`: it is told the number that nobody has any more, and asked again until something comes of it. Nothing when that
/// did not come in time.
fn stopped_while<T: Send>(place: &Place, meanwhile: impl Fn(u32) -> Option<T> + Sync) -> Option<(u32, KillReceipt, T)> {
    let keeper = place.keeper();
    let mut job = sh("setsid sh -c 'trap \"\" TERM; echo ready; exec sleep 1000' & wait");
    job.grace = Length::from_secs(3);
    job.manner.stop = Reach::Everything;
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let other = scope.spawn(|| {
            let leader = place.command_pid(1);
            eventually("it is gone", || (!std::path::Path::new("/proc").join(leader.to_string()).exists()).then_some(()));
            // Two of one number are told apart by when they began, in hundredths of a second: faster than that no number comes round,
            // unless somebody sets the next one.
            let gone = hundredths();
            eventually("the clock goes on", || (hundredths() > gone).then_some(()));
            while !is_over.load(Ordering::Relaxed) {
                // The next number that is given is this one, if nobody else comes between.
                std::fs::write("/proc/sys/kernel/ns_last_pid", (leader - 1).to_string()).ok()?;
                if let Some(done) = meanwhile(leader) {
                    return Some((leader, done));
                }
            }
            None
        });
        let (receipt, exited) = block_on(stopped_when_ready(&keeper, 1, job));
        is_over.store(true, Ordering::Relaxed);
        assert_eq!((exited.status, receipt.killed), (ExitStatus::Signal(15), true));
        other.join().expect("no panic").map(|(leader, done)| (leader, receipt, done))
    })
}

fn who_gets_the_number_of_a_leader_that_is_gone_is_spared() {
    let stranger = |number: u32| {
        let mut child = std::process::Command::new("/bin/sleep").arg("1000").process_group(0).spawn().expect("sleep");
        if child.id() == number {
            return Some(child);
        }
        child.kill().and_then(|()| child.wait()).expect("ours");
        None
    };
    // Not everybody may say which number is the next.
    let Some((leader, receipt, mut stranger)) = stopped_while(&Place::new(), stranger) else { return };
    let ended = stranger.try_wait().expect("ours");
    stranger.kill().and_then(|()| stranger.wait()).expect("ours");
    assert_eq!((ended, receipt.survived), (None, vec![]));
    let named: Vec<_> = receipt.stopped.iter().filter(|process| process.pid == leader).map(|process| &process.name).collect();
    assert_eq!(named, ["sh"]);
}

fn a_command_that_gets_the_number_of_one_that_is_being_stopped_has_an_end_of_its_own() {
    let place = Place::new();
    let key = std::sync::atomic::AtomicU64::new(2);
    let command = |number: u32| {
        let exited = block_on(exited(&place.keeper(), key.fetch_add(1, Ordering::Relaxed), sh("echo $$; exit 7")));
        assert_eq!(exited.status, ExitStatus::Code(7));
        (exited.stdout.head.0 == format!("{number}\n").into_bytes()).then_some(())
    };
    stopped_while(&place, command);
}

/// Begins a look, and waits for it no more once it has said its number.
fn let_go(place: &Place, mut job: Job) {
    let keeper = place.keeper();
    job.only_looks = true;
    let (_sender, stop) = watch::channel(false);
    let heard = std::cell::RefCell::new(Vec::new());
    block_on(async {
        let look = keeper.run(1, job, None, stop, |_, bytes| heard.borrow_mut().extend_from_slice(bytes));
        let until = async {
            while !heard.borrow().ends_with(b"\n") {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! { end = look => panic!("{end:?}"), () = until => {} }
    });
    let pid: u32 = String::from_utf8(heard.into_inner()).expect("text").trim().parse().expect("a number");
    eventually("it is gone", || (!lives(pid)).then_some(()));
}

fn a_look_that_nobody_waits_for_is_stopped() {
    let_go(&Place::new(), sh("echo $$; exec sleep 1000"));
}

/// What it asks after would be stopped by SIGTERM.
fn whoever_only_asks_and_is_not_waited_for_leaves_and_stops_nothing() {
    let place = Place::new();
    let said = place.dir.join("said");
    let script = |ready: &str| {
        let traps = ["HUP", "TERM"].map(|name| format!("trap 'echo {name} >> {}; exit' {name};", said.display()));
        let mut job = sh(&format!("{} echo {ready}; while :; do sleep 0.05; done", traps.concat()));
        (job.only_looks, job.only_asks) = (true, true);
        job
    };
    let_go(&place, script("$$"));
    assert_eq!(place.file("said"), b"HUP\n");
    // A stop that somebody wants is passed on.
    block_on(stopped_when_ready(&place.keeper(), 1, script("ready")));
    assert_eq!(place.file("said"), b"HUP\nTERM\n");
}

fn a_stopped_run_begins_nothing() {
    let place = Place::new();
    let keeper = place.keeper();
    let (_sender, stop) = watch::channel(true);
    let end = block_on(keeper.run(1, sh("true"), None, stop, |_, _| ()));
    assert!(matches!(end, RunEnd::NotStarted { .. }));
    assert!(!place.dir.join("ledger.jsonl").exists());
}

fn a_command_that_handles_sigterm_may_finish() {
    let place = Place::new();
    let keeper = place.keeper();
    let job = sh("trap 'echo tidied; exit 3' TERM; echo ready; while :; do sleep 0.05; done");
    let (receipt, exited) = block_on(stopped_when_ready(&keeper, 1, job));
    assert_eq!((exited.status, receipt.killed), (ExitStatus::Code(3), false));
    assert_eq!(exited.stdout.head.0, b"ready\ntidied\n");
}
