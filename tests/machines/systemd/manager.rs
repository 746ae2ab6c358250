//! A real systemd of our own: the manager of a user, with a journal, that knows the units of a directory and no others.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// systemd in a mount namespace of its own, so that it finds a machine that was booted with systemd, and a control group of its own, named
/// as a slice, so that its journal sees the units below it. Its directory is below `$1`.
const BEGIN: &str = r#"set -e
for root in /sys/fs/cgroup /sys/fs/cgroup/systemd /sys/fs/cgroup/unified; do
    if [ -e "$root/cgroup.procs" ]; then mkdir -p "$root/$2"; echo $$ > "$root/$2/cgroup.procs"; fi
done
mount -t tmpfs none /run
mkdir -p /run/systemd/system /run/systemd/journal /run/systemd/journald.conf.d /run/log
mount --bind "$1/log" /run/log
printf '[Journal]\nStorage=volatile\nReadKMsg=no\nAudit=no\n' > /run/systemd/journald.conf.d/test.conf
exec env -i PATH="$PATH" HOME="$1" XDG_RUNTIME_DIR="$1/run" XDG_CONFIG_HOME="$1/config" SYSTEMD_UNIT_PATH="$1/config/systemd/user:/usr/lib/systemd/user" \
    /lib/systemd/systemd --user
"#;

/// It is gone with the value, and with it whatever it has started.
pub(crate) struct Manager {
    home: PathBuf,
    slice: String,
    process: Child,
}

impl Manager {
    /// Starts it with these units, each a name and the content of its file; its home is an empty directory.
    pub(crate) fn start(home: &Path, units: &[(&str, &str)]) -> Self {
        for dir in ["run", "log", "config/systemd/user"] {
            fs::create_dir_all(home.join(dir)).expect("a directory");
        }
        fs::set_permissions(home.join("run"), fs::Permissions::from_mode(0o700)).expect("ours");
        let ours = [
            ("default.target", "[Unit]\nRequires=journal.service\nAfter=journal.service\n"),
            ("journal.service", "[Service]\nType=notify\nExecStart=/lib/systemd/systemd-journald\n"),
        ];
        for (name, content) in ours.iter().chain(units) {
            fs::write(home.join("config/systemd/user").join(name), content).expect("a unit");
        }
        let name = home.to_string_lossy().replace(|c: char| !c.is_ascii_alphanumeric(), "_");
        let slice = format!("runbook{name}.slice");
        let out = fs::File::create(home.join("out")).expect("a file");
        let process = Command::new("unshare")
            .args(["--mount", "sh", "-c", BEGIN, "sh"])
            .arg(home)
            .arg(&slice)
            .stdin(Stdio::null())
            .stderr(out.try_clone().expect("a file"))
            .stdout(out)
            .spawn()
            .expect("unshare (util-linux)");
        let mut manager = Self { home: home.to_owned(), slice, process };
        let end = Instant::now() + Duration::from_secs(60);
        while !manager.ask(&["is-active", "--quiet", "default.target"]).status.success() {
            let gone = manager.process.try_wait().expect("ours");
            let said = fs::read_to_string(home.join("out")).unwrap_or_default();
            assert!(gone.is_none() && Instant::now() < end, "systemd (this wants root): {gone:?} {said}");
            std::thread::yield_now();
        }
        manager
    }

    /// `systemctl`, as words of a list in Rhai.
    pub(crate) fn systemctl(&self) -> String {
        format!("{:?}", self.words())
    }

    /// `systemctl` from inside the namespace. Seen from outside, the machine was not booted with systemd, and there `enable` changes the files
    /// behind the back of the manager. A rehearsal does not let the programs of checks in.
    pub(crate) fn systemctl_inside(&self) -> String {
        let inside = ["nsenter".to_owned(), "--mount".to_owned(), format!("--target={}", self.process.id())];
        format!("{:?}", inside.into_iter().chain(self.words()).collect::<Vec<_>>())
    }

    fn words(&self) -> Vec<String> {
        let runtime = format!("XDG_RUNTIME_DIR={}", self.home.join("run").display());
        ["env", &runtime, "systemctl", "--user"].map(str::to_owned).into()
    }

    /// `journalctl`, likewise.
    pub(crate) fn journalctl(&self) -> String {
        format!(r#"["journalctl", "--directory", "{}"]"#, self.home.join("log/journal").display())
    }

    pub(crate) fn ask(&self, words: &[&str]) -> Output {
        let ours = self.words();
        Command::new(&ours[0]).args(&ours[1..]).args(words).output().expect("systemctl")
    }

    /// One property of a unit, as `systemctl show` has it.
    pub(crate) fn property(&self, unit: &str, name: &str) -> String {
        let output = self.ask(&["show", "--value", "--property", name, unit]);
        String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
    }
}

impl Drop for Manager {
    fn drop(&mut self) {
        // It stops its units and goes. One that cannot be asked any more is killed, and then its units are.
        if !self.ask(&["exit"]).status.success() {
            drop(self.process.kill());
        }
        drop(self.process.wait());
        for root in ["/sys/fs/cgroup", "/sys/fs/cgroup/systemd", "/sys/fs/cgroup/unified"] {
            remove(&Path::new(root).join(&self.slice));
        }
    }
}

/// Kills who is in a control group, and removes it: a directory whose files cannot be removed, and go with it.
fn remove(group: &Path) {
    let below = fs::read_dir(group).into_iter().flatten().filter_map(Result::ok);
    below.filter(|entry| entry.path().is_dir()).for_each(|entry| remove(&entry.path()));
    let end = Instant::now() + Duration::from_secs(10);
    while group.exists() && fs::remove_dir(group).is_err() && Instant::now() < end {
        let left = fs::read_to_string(group.join("cgroup.procs")).unwrap_or_default();
        for pid in left.lines().filter_map(|pid| pid.parse().ok()).filter_map(Pid::from_raw) {
            kill_process(pid, Signal::KILL).unwrap_or(());
        }
        std::thread::yield_now();
    }
}
