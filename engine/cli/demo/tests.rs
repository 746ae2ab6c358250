//! The deployment for real: its processes, its link, its port.

use std::ffi::OsString;
use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::*;

/// Not a test of its own: the process that the tests below start as the service.
#[test]
fn acts_as_the_service() {
    let mut arguments = std::env::args_os().skip_while(|argument| argument != "demo-service").skip(1);
    let mut value = |name: &str| arguments.next().filter(|given| given == name).and_then(|_| arguments.next());
    if let (Some(root), Some(address)) = (value("--root"), value("--address")) {
        let address: SocketAddr = address.to_str().and_then(|text| text.parse().ok()).expect("an address");
        let failure = serve(Path::new(&root), address).expect_err("serving never ends well");
        // As the program does it: one line, and a code. A panic would bring its backtrace.
        std::io::Write::write_all(&mut std::io::stderr(), format!("{failure}\n").as_bytes()).expect("a log");
        std::process::exit(1);
    }
}

/// A temporary deployment whose service is this very test program; stopped when it goes out of scope.
struct Stage {
    directory: tempfile::TempDir,
    exe: PathBuf,
    deployment: Deployment,
}

impl Stage {
    fn new() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let me = std::env::current_exe().expect("this test program").into_os_string().into_string().expect("UTF-8");
        let exe = directory.path().join("it's an exe");
        let test = "demo::tests::acts_as_the_service";
        let script = format!("#!/bin/sh\nexec {} --exact {test} --nocapture -- \"$@\"\n", runbook_model::change::quoted(&me));
        fs::write(&exe, script).expect("written");
        fs::set_permissions(&exe, fs::Permissions::from_mode(0o755)).expect("executable");
        let deployment = prepare(&directory.path().join("a demo"), &exe).expect("a deployment");
        Self { directory, exe, deployment }
    }

    fn control(&self, verb: &str) -> (Option<i32>, String) {
        let output = Command::new(self.deployment.root().join("bin/api")).arg(verb).output().expect("the control script runs");
        (output.status.code(), String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    fn pid(&self) -> u32 {
        let text = fs::read_to_string(self.deployment.root().join("run/api.pid")).expect("a pid file");
        text.trim().parse().expect("a number")
    }

    fn relink(&self, release: &str) {
        let link = self.deployment.root().join("current");
        fs::remove_file(&link).expect("the old link");
        symlink(format!("releases/{release}"), &link).expect("a new link");
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.deployment.stop().expect("the service stops");
    }
}

/// Whether a process runs; one that has ended and was not collected yet does not.
fn lives(pid: u32) -> bool {
    fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|arguments| !arguments.is_empty())
}

fn status(deployment: &Deployment) -> (u16, String) {
    let (status, body) = deployment.health().expect("an answer");
    let body: serde_json::Value = serde_json::from_str(&body).expect("JSON");
    assert_eq!(body["healthy"], status == 200);
    (status, body["release"].as_str().expect("a release").to_owned())
}

#[test]
fn a_new_link_counts_after_a_restart_and_not_before() {
    let stage = Stage::new();
    let bad = (500, BAD_RELEASE.to_owned());
    stage.deployment.start().expect("it starts");
    assert_eq!(status(&stage.deployment), bad);
    assert_eq!(stage.deployment.current().expect("a link"), BAD_RELEASE);
    let first = stage.pid();

    stage.relink(GOOD_RELEASE);
    assert_eq!(status(&stage.deployment), bad, "the running service keeps the release that it started with");
    assert_eq!(stage.control("restart").0, Some(0));
    assert_eq!(status(&stage.deployment), (200, GOOD_RELEASE.to_owned()));
    assert!(!lives(first) && lives(stage.pid()) && first != stage.pid());

    let second = stage.pid();
    stage.deployment.stop().expect("it stops");
    assert!(!lives(second));
    assert!(stage.deployment.health().is_err());
    assert_eq!(stage.control("status").0, Some(3));
}

#[test]
fn the_control_script_may_be_repeated() {
    let stage = Stage::new();
    assert_eq!(stage.control("status"), (Some(3), "not running".to_owned()));
    assert_eq!(stage.control("stop"), (Some(0), "not running".to_owned()));
    assert_eq!(stage.control("restart").0, Some(0), "a restart of what is stopped starts it");
    let pid = stage.pid();
    assert_eq!(stage.control("start").0, Some(0));
    assert_eq!(stage.pid(), pid, "starting what runs leaves it alone");
    assert_eq!(stage.control("status").0, Some(0));
    assert_eq!(stage.control("stop"), (Some(0), format!("stopped process {pid}")));
    assert_eq!(stage.control("stop"), (Some(0), "not running".to_owned()));
    assert_eq!(stage.control("sotp").0, Some(2));
}

#[test]
fn two_starts_at_once_give_one_service() {
    let stage = Stage::new();
    let codes: Vec<_> = std::thread::scope(|scope| {
        let starts: Vec<_> = (0..3).map(|_| scope.spawn(|| stage.control("start").0)).collect();
        starts.into_iter().map(|start| start.join().expect("no panic")).collect()
    });
    assert_eq!(codes, [Some(0); 3]);
    assert_eq!(status(&stage.deployment).0, 500);
    stage.deployment.stop().expect("it stops");
    assert!(stage.deployment.health().is_err(), "no second service was left behind");
}

#[test]
fn a_pid_that_belongs_to_somebody_else_is_left_alone() {
    let stage = Stage::new();
    let me = std::process::id();
    fs::write(stage.deployment.root().join("run/api.pid"), format!("{me}\n")).expect("written");
    assert_eq!(stage.control("stop"), (Some(0), "not running".to_owned()));
    stage.deployment.start().expect("it starts in spite of the stale file");
    assert_ne!(stage.pid(), me);
}

#[test]
fn a_service_that_dies_was_not_stopped_by_us_and_starts_again() {
    let stage = Stage::new();
    stage.deployment.start().expect("it starts");
    let pid = stage.pid();
    let killed = Command::new("kill").args(["-KILL", &pid.to_string()]).status().expect("kill runs");
    assert!(killed.success());
    // The signal was sent; when it arrives is for the kernel to say.
    while lives(pid) {
        std::thread::yield_now();
    }
    stage.deployment.start().expect("it starts again");
    assert!(stage.pid() != pid && !lives(pid));
}

#[test]
fn a_start_that_fails_says_why() {
    let stage = Stage::new();
    let taken = TcpListener::bind(stage.deployment.address()).expect("the port");
    let failure = stage.deployment.start().expect_err("the port is taken").to_string();
    assert!(failure.starts_with("`bin/api start` failed: the service did not start"), "{failure}");
    drop(taken);
    stage.deployment.start().expect("it starts now");
    fs::remove_file(stage.deployment.root().join("current/release.toml")).expect("there");
    assert_eq!(stage.control("restart").0, Some(1));
    let log = fs::read_to_string(stage.deployment.root().join("run/api.log")).expect("a log");
    assert!(log.contains("release.toml"), "{log}");
}

#[test]
fn pages_and_metrics() {
    let stage = Stage::new();
    stage.deployment.start().expect("it starts");
    for _ in 0..2 {
        assert_eq!(stage.deployment.get("/").expect("an answer").0, 500);
    }
    assert_eq!(stage.deployment.get("/nothing?x=1").expect("an answer").0, 404);
    let (status, page) = stage.deployment.get("/metrics").expect("an answer");
    assert_eq!(status, 200);
    assert!(page.contains("demo_requests_total{release=\"2026.11.2\"} 3\n"), "{page}");
    assert!(page.contains("demo_errors_total{release=\"2026.11.2\"} 2\n"), "{page}");
}

#[test]
fn preparing_again_sets_the_stage_back_and_keeps_what_runs_left() {
    let stage = Stage::new();
    stage.deployment.start().expect("it starts");
    let pid = stage.pid();
    stage.relink(GOOD_RELEASE);
    let journal = stage.deployment.root().join(".runbook/journal");
    fs::create_dir_all(&journal).expect("created");
    let again = prepare(stage.deployment.root(), &stage.exe).expect("prepared");
    assert_eq!(again, stage.deployment, "same place, same port");
    assert_eq!(again.current().expect("a link"), BAD_RELEASE);
    assert!(!lives(pid) && journal.is_dir());
}

#[test]
fn a_directory_with_something_else_in_it_is_not_touched() {
    let stage = Stage::new();
    let failure = prepare(stage.directory.path(), &stage.exe).expect_err("the exe is in it");
    assert!(matches!(&failure, DemoFailure::Occupied(_)), "{failure}");
    let names: Vec<OsString> =
        fs::read_dir(stage.directory.path()).expect("a list").map(|entry| entry.expect("an entry").file_name()).collect();
    assert_eq!(names.len(), 2);
    assert!(matches!(Deployment::open(stage.directory.path()), Err(DemoFailure::Absent(_))));
}

#[test]
fn the_service_stays_on_loopback() {
    let stage = Stage::new();
    let failure = serve(stage.deployment.root(), ([0, 0, 0, 0], 0).into()).expect_err("refused");
    assert!(matches!(failure, DemoFailure::NotLoopback(_)), "{failure}");
}
