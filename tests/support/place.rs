//! A directory of its own with a runbook repository in it, where nothing of the machine shines through.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::Ran;

/// A hermetic place: `HOME`, state and runbooks are its own, and it is gone afterwards.
pub(crate) struct Place {
    dir: tempfile::TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        let dir = tempfile::Builder::new().prefix("runbook-test-").tempdir().expect("a temporary directory");
        let place = Self { dir };
        place.write("runbook.toml", "");
        place.write("home/.keep", "");
        place
    }

    /// A place with one runbook called `main`.
    pub(crate) fn with(source: &str) -> Self {
        let place = Self::new();
        place.runbook("main", source);
        place
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        fs::write(&path, text).expect("a file");
        path
    }

    /// A file that only its owner may read.
    pub(crate) fn private(&self, name: &str, text: &str) {
        use std::os::unix::fs::PermissionsExt as _;
        let path = self.write(name, text);
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).expect("a mode");
    }

    /// A pipe with a name: reading it waits until a command writes, writing it until one reads.
    pub(crate) fn fifo(&self, name: &str) {
        use rustix::fs::{CWD, FileType, Mode, mknodat};
        mknodat(CWD, self.path(name), FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).expect("a fifo");
    }

    /// Waits until a command writes to a pipe with a name. Time bounds a broken test only.
    #[track_caller]
    pub(crate) fn wait_for(&self, name: &str) {
        use rustix::event::{PollFd, PollFlags, Timespec, poll};
        use rustix::fs::OFlags;
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let pipe = rustix::fs::open(self.path(name), flags, rustix::fs::Mode::empty()).expect("a fifo");
        let patience = Timespec { tv_sec: 60, tv_nsec: 0 };
        let ready = poll(&mut [PollFd::new(&pipe, PollFlags::IN)], Some(&patience)).expect("poll");
        assert_eq!(ready, 1, "nobody writes to `{name}`");
    }

    /// Writes `runbooks/NAME.rhai`; a source without `runbook(` gets a plain head.
    pub(crate) fn runbook(&self, name: &str, source: &str) {
        let head = if source.contains("runbook(") { "" } else { "runbook(#{ title: \"Test\", owner: \"team\" });\n" };
        self.write(&format!("runbooks/{name}.rhai"), &format!("{head}{source}"));
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    /// The lines that commands left in the file `ledger`.
    pub(crate) fn ledger(&self) -> Vec<String> {
        self.read("ledger").lines().map(str::to_owned).collect()
    }

    /// The command line in this place, not started yet.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_runbook"));
        command
            .args(arguments)
            .current_dir(self.dir.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.path("home"))
            .env("USER", "alice")
            .stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        Ran::of(self.command(arguments))
    }

    /// Runs, and expects this exit code.
    #[track_caller]
    pub(crate) fn expect(&self, code: i32, arguments: &[&str]) -> Ran {
        let ran = self.run(arguments);
        assert_eq!(ran.code, Some(code), "runbook {}\n{ran}", arguments.join(" "));
        ran
    }

    /// The state directory.
    pub(crate) fn state(&self) -> PathBuf {
        self.path(".runbook")
    }

    /// The newest run, by its directory.
    pub(crate) fn newest_run(&self) -> String {
        let mut runs: Vec<_> = fs::read_dir(self.state().join("runs"))
            .map(|entries| entries.filter_map(|entry| Some(entry.ok()?.file_name().to_string_lossy().into_owned())).collect())
            .unwrap_or_default();
        runs.sort();
        runs.pop().expect("a run")
    }

    /// The journal of the newest run, one JSON value a record.
    pub(crate) fn journal(&self) -> Vec<serde_json::Value> {
        let path = self.journal_path();
        let text = fs::read_to_string(path).expect("a journal");
        text.lines().map(|line| serde_json::from_str(line).expect("a record is JSON")).collect()
    }

    pub(crate) fn journal_path(&self) -> PathBuf {
        self.state().join("runs").join(self.newest_run()).join("journal.jsonl")
    }

    /// The types of the newest run's records.
    pub(crate) fn entries(&self) -> Vec<String> {
        self.journal().iter().map(|record| record["type"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// Plain git on the audit repository, as an auditor uses it.
    #[track_caller]
    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        let output = Command::new("git")
            .arg("--git-dir")
            .arg(self.state().join("audit.git"))
            .args(arguments)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.path("home"))
            .output()
            .expect("git");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "git {}: {}{text}", arguments.join(" "), String::from_utf8_lossy(&output.stderr));
        text
    }

    /// Everything below the place but the state directory: path, kind, mode and content, to compare before and after.
    pub(crate) fn photograph(&self) -> Vec<String> {
        let mut seen = Vec::new();
        photograph(self.dir.path(), &self.state(), &mut seen);
        seen.sort();
        seen
    }
}

fn photograph(dir: &Path, except: &Path, seen: &mut Vec<String>) {
    use std::os::unix::fs::MetadataExt as _;
    for entry in fs::read_dir(dir).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path == except {
            continue;
        }
        let meta = fs::symlink_metadata(&path).expect("metadata");
        let content = if meta.is_symlink() {
            fs::read_link(&path).expect("a link").display().to_string()
        } else if meta.is_file() {
            String::from_utf8_lossy(&fs::read(&path).expect("a file")).into_owned()
        } else {
            photograph(&path, except, seen);
            String::new()
        };
        seen.push(format!("{} {:o} {}.{} {content}", path.display(), meta.mode(), meta.mtime(), meta.mtime_nsec()));
    }
}
