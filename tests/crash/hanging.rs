//! A look that does not come back: a file system whose other end never answers. It holds up its step, and nobody who wants to stop.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Stdio;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::mount::{Namespace, skipped};
use crate::support::Place;

/// What is mounted here asks its other end, a pipe that nobody reads, about every name in it (autofs). It is mounted in mid-run:
/// the engine must notice that not everything is near any more, or it would look by itself, and hang.
const MOUNTED: &str = r#"
command("mount", #{ run: ["sh", "-ec", "mkdir far; mkfifo hole; exec 7<>hole; mount -t autofs -o fd=7,pgrp=1,minproto=5,maxproto=5,indirect nobody far"], rollback: "nothing" });
command("beyond", #{ run: ["./far/program"], rollback: "nothing" });
"#;

/// Where in the kernel the threads of a process wait.
fn waits(engine: u32) -> Vec<String> {
    let Ok(threads) = fs::read_dir(format!("/proc/{engine}/task")) else { return Vec::new() };
    threads.flatten().filter_map(|thread| fs::read_to_string(thread.path().join("wchan")).ok()).collect()
}

fn hangs(engine: u32) -> bool {
    waits(engine).iter().any(|place| place.contains("autofs"))
}

/// Whether it comes to that. Time bounds a broken test only.
fn within(mut so_far: impl FnMut() -> bool) -> bool {
    let deadline = Instant::now() + Duration::from_secs(120);
    while !so_far() {
        if Instant::now() > deadline {
            return false;
        }
        std::thread::yield_now();
    }
    true
}

#[test]
fn a_look_that_hangs_keeps_nobody_from_stopping_the_run() {
    let test = "a look that hangs";
    if !fs::read_to_string("/proc/filesystems").expect("the kernel's list").contains("autofs") {
        return skipped(test, "this kernel has no autofs").unwrap_or_default();
    }
    for signal in [Signal::INT, Signal::TERM] {
        let Some(namespace) = Namespace::open(test) else { return };
        let place = Place::with(MOUNTED);
        let mut command = namespace.program(&place, &["exec", "main"]);
        let mut engine = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("the binary starts");
        if !within(|| hangs(engine.id())) {
            let waits = waits(engine.id());
            engine.kill().and_then(|()| engine.wait()).expect("ours");
            assert!(waits.iter().all(|place| matches!(place.as_str(), "" | "0")), "it does not look there: {waits:?}");
            return skipped(test, "this kernel does not say what a thread waits for").unwrap_or_default();
        }
        let pid = Pid::from_raw(i32::try_from(engine.id()).expect("a number")).expect("a process");
        kill_process(pid, signal).expect("it lives");
        let heeded = within(|| engine.try_wait().expect("ours").is_some());
        engine.kill().expect("ours");
        let ended = engine.wait_with_output().expect("it has ended");
        assert!(heeded, "{signal:?} is not heeded: {}", String::from_utf8_lossy(&ended.stderr));
        assert_eq!(ended.status.code(), Some(130), "{}", String::from_utf8_lossy(&ended.stderr));
        assert_eq!(place.entries().iter().filter(|entry| *entry == "step_intended").count(), 1, "nothing of the step has begun");
        // Out here nothing is mounted.
        let program = place.write("far/program", "#!/bin/sh\necho done >> ledger\n");
        fs::set_permissions(program, fs::Permissions::from_mode(0o755)).expect("ours");
        place.expect(0, &["resume", "last"]);
        assert_eq!(place.ledger(), ["done"]);
    }
}
