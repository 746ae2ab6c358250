//! A run directory with a keeper in it, and engines that can be killed.

use std::collections::BTreeMap;
use std::fs;
use std::future::Future;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{ChildStdout, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use runbook_model::answer::Exited;
use runbook_model::length::Length;
use runbook_model::manner::Manner;
use runbook_runtime::boot::boot_id;
use runbook_runtime::keeper::{Found, Job, Keeper, RunEnd, Window};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open, pidfd_send_signal};
use tokio::sync::watch;

pub(crate) struct Place {
    _root: tempfile::TempDir,
    pub(crate) dir: PathBuf,
}

impl Place {
    /// The path is longer than an address of a socket may be, as it well may in somebody's home.
    pub(crate) fn new() -> Self {
        let root = tempfile::tempdir().expect("a place");
        // Unique, as the name of a run is: markers of two runs must not be the same.
        let run = root.path().file_name().expect("a name").to_owned();
        let dir = root.path().join("a-long-name-".repeat(12)).join(run).join("keeper");
        Self { _root: root, dir }
    }

    pub(crate) fn keeper(&self) -> Keeper {
        Keeper::start(&std::env::current_exe().expect("us"), &["keeper"], &self.dir).expect("a keeper")
    }

    /// What the environment of a command says about where it comes from.
    pub(crate) fn marker(&self, key: u64) -> String {
        let run = self.dir.parent().and_then(Path::file_name).expect("a run");
        format!("{}/{key}", run.to_str().expect("text"))
    }

    pub(crate) fn file(&self, name: &str) -> Vec<u8> {
        fs::read(self.dir.join(name)).unwrap_or_default()
    }

    /// Who holds the lock.
    pub(crate) fn keeper_pid(&self) -> u32 {
        let lock = String::from_utf8(self.file("lock")).expect("a number");
        lock.trim().parse().expect("a keeper was there")
    }

    /// The process of a command, once the ledger has it.
    pub(crate) fn command_pid(&self, key: u64) -> u32 {
        let begun = format!("{{\"begun\":{{\"key\":{key},\"pid\":");
        eventually("the ledger has it", || {
            let ledger = String::from_utf8(self.file("ledger.jsonl")).ok()?;
            let line = ledger.lines().find_map(|line| line.strip_prefix(&begun))?;
            line.split(',').next()?.parse().ok()
        })
    }

    pub(crate) fn recover(&self, key: u64) -> Found {
        self.recover_since(key, &boot_id().expect("Linux"))
    }

    pub(crate) fn recover_since(&self, key: u64, boot: &str) -> Found {
        block_on(Keeper::recover(&self.dir, key, boot)).expect("found out")
    }

    /// An engine in a process of its own that has this command run, and prints a line when it hears output.
    pub(crate) fn engine(&self, key: u64, argv: &[&str]) -> Engine {
        self.engine_as("engine", key, argv)
    }

    /// An engine that has one command run, and this one when it is told to; it prints a line once it has asked.
    pub(crate) fn engine_that_asks_again(&self, key: u64, argv: &[&str]) -> Engine {
        self.engine_as("asks-again", key, argv)
    }

    fn engine_as(&self, role: &str, key: u64, argv: &[&str]) -> Engine {
        let mut child = Command::new(std::env::current_exe().expect("us"))
            .arg(role)
            .arg(&self.dir)
            .arg(key.to_string())
            .args(argv)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("an engine");
        let heard = BufReader::new(child.stdout.take().expect("piped"));
        Engine { child, heard }
    }
}

impl Drop for Place {
    /// No test leaves a keeper or a command behind, failed or not.
    fn drop(&mut self) {
        let Ok(ledger) = fs::read_to_string(self.dir.join("ledger.jsonl")) else { return };
        let lines = ledger.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
        for pid in lines.filter_map(|line| u32::try_from(line["begun"]["pid"].as_u64()?).ok()) {
            let marked = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
            if String::from_utf8_lossy(&marked).contains(self.marker(0).trim_end_matches('0')) {
                kill(pid);
            }
        }
    }
}

pub(crate) struct Engine {
    child: std::process::Child,
    heard: BufReader<ChildStdout>,
}

impl Engine {
    /// Waits until the engine has heard the command's first output.
    pub(crate) fn heard_something(&mut self) {
        let mut line = String::new();
        self.heard.read_line(&mut line).expect("a pipe");
        assert_eq!(line, "heard\n");
    }

    pub(crate) fn ask_again(&mut self) {
        self.child.stdin.take().expect("piped").write_all(b"\n").expect("it reads");
        self.heard_something();
    }

    pub(crate) fn wait(&mut self) {
        assert!(self.child.wait().expect("ours").success());
    }

    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("ours");
        self.child.wait().expect("ours");
    }
}

/// The engine that is there to be killed.
#[allow(clippy::print_stdout)]
pub(crate) fn engine(dir: &Path, key: u64, argv: &[&str]) -> ExitCode {
    let keeper = Keeper::start(&std::env::current_exe().expect("us"), &["keeper"], dir).expect("a keeper");
    let (_sender, stop) = watch::channel(false);
    let end = block_on(keeper.run(key, job(argv), None, stop, |_, _| println!("heard")));
    if matches!(end, RunEnd::Exited(_)) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The engine that is killed after it asked and before it was answered.
#[allow(clippy::print_stdout)]
pub(crate) fn asks_again(dir: &Path, key: u64, argv: &[&str]) -> ExitCode {
    let keeper = Keeper::start(&std::env::current_exe().expect("us"), &["keeper"], dir).expect("a keeper");
    block_on(async {
        exited(&keeper, u64::MAX, sh("true")).await;
        println!("heard");
        std::io::stdin().read_line(&mut String::new()).expect("a pipe");
        // The line is there already, so the request is in the socket when the first poll returns.
        tokio::join!(biased; run(&keeper, key, job(argv)), async { println!("heard") });
    });
    ExitCode::FAILURE
}

pub(crate) fn job(argv: &[&str]) -> Job {
    Job {
        argv: argv.iter().map(ToString::to_string).collect(),
        env: BTreeMap::from([("PATH".to_owned(), "/usr/bin:/bin".to_owned())]),
        cwd: PathBuf::from("/"),
        stdin: None,
        grace: Length::from_secs(20),
        env_files: BTreeMap::new(),
        redact: Vec::new(),
        manner: Manner::default(),
        window: Window::default(),
        only_looks: false,
        only_asks: false,
        ahead: None,
    }
}

pub(crate) fn sh(script: &str) -> Job {
    job(&["/bin/sh", "-c", script])
}

pub(crate) async fn run(keeper: &Keeper, key: u64, job: Job) -> RunEnd {
    let (_sender, stop) = watch::channel(false);
    keeper.run(key, job, None, stop, |_, _| ()).await
}

pub(crate) async fn exited(keeper: &Keeper, key: u64, job: Job) -> Exited {
    match run(keeper, key, job).await {
        RunEnd::Exited(exited) => exited,
        other => panic!("{other:?}"),
    }
}

thread_local! {
    /// The runtime that the engine has: one thread, and the same one for all commands of a keeper.
    static RUNTIME: tokio::runtime::Runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
}

/// Waits for a future, with a limit for one that hangs.
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    RUNTIME.with(|runtime| {
        runtime.block_on(async { tokio::time::timeout(Duration::from_secs(60), future).await.expect("ends within a minute") })
    })
}

/// Looks until there is something to see.
pub(crate) fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        match look() {
            Some(seen) => return seen,
            None => assert!(Instant::now() < deadline, "waited in vain: {what}"),
        }
        std::thread::yield_now();
    }
}

pub(crate) fn kill(pid: u32) {
    signal(pid, Signal::KILL);
}

pub(crate) fn signal(pid: u32, signal: Signal) {
    kill_process(pid_of(pid), signal).unwrap_or(());
}

/// Kills a process that is not a child of ours, and waits until it is gone.
pub(crate) fn kill_and_wait(pid: u32) {
    let Ok(pidfd) = pidfd_open(pid_of(pid), PidfdFlags::empty()) else { return };
    pidfd_send_signal(&pidfd, Signal::KILL).unwrap_or(());
    wait_gone(pid);
}

pub(crate) fn wait_gone(pid: u32) {
    let Ok(pidfd) = pidfd_open(pid_of(pid), PidfdFlags::empty()) else { return };
    let mut fds = [rustix::event::PollFd::new(&pidfd, rustix::event::PollFlags::IN)];
    let limit = rustix::event::Timespec { tv_sec: 30, tv_nsec: 0 };
    assert_eq!(rustix::event::poll(&mut fds, Some(&limit)), Ok(1), "process {pid} does not end");
}

pub(crate) fn lives(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X']))
}

fn pid_of(pid: u32) -> Pid {
    Pid::from_raw(i32::try_from(pid).expect("a pid")).expect("a pid")
}
