//! Real hosts on loopback: each an `sshd` of its own, with keys of its own.

use std::fmt::Write as _;
use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open};

use super::login::Login;

/// Some hosts, by the names that their `ssh` configuration gives them.
pub(super) struct Hosts {
    dir: tempfile::TempDir,
    hosts: Vec<Host>,
    /// What stands first in the configuration of the daemons.
    settings: String,
    /// Who one is on them; whoever runs the tests when absent.
    login: Option<Login>,
}

struct Host {
    name: String,
    port: u16,
    address: String,
    /// The network namespace that its daemon lives in; ours when absent.
    network: Option<String>,
    daemon: Option<Child>,
}

impl Hosts {
    /// Starts a host for each name. What runs "on" them runs on this machine, below a home of its own.
    pub(super) fn start(names: &[&str]) -> Self {
        Self::start_as(names, None)
    }

    /// The same, with daemons that belong to somebody else.
    pub(super) fn start_as(names: &[&str], login: Option<Login>) -> Self {
        // A short path, owned by us alone: `sshd` trusts no key in a directory that others can write to.
        let dir = tempfile::Builder::new().prefix("rb-sshd-").tempdir().expect("a directory");
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o700)).expect("ours");
        keygen(&dir.path().join("user"));
        if let Some(login) = &login {
            login.register(dir.path());
        }
        let hosts = names
            .iter()
            .map(|name| Host {
                name: (*name).to_owned(),
                port: free_port(),
                address: "127.0.0.1".to_owned(),
                network: None,
                daemon: None,
            })
            .collect();
        let mut hosts = Self { dir, hosts, settings: String::new(), login };
        for name in names {
            keygen(&hosts.path(&format!("{name}.key")));
            hosts.wake(name);
        }
        hosts.configure("");
        hosts
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Makes a directory of whoever one is on the hosts, or finds it as it is.
    pub(super) fn directory(&self, name: &str) -> PathBuf {
        let path = self.path(name);
        if fs::create_dir(&path).is_ok() {
            self.login.iter().for_each(|login| login.own(&path));
        }
        path
    }

    /// The configuration for `ssh` that knows the hosts.
    pub(super) fn config(&self) -> PathBuf {
        self.path("config")
    }

    /// Writes the configuration anew, with these lines for every host.
    pub(super) fn configure(&self, lines: &str) {
        let mut text = String::new();
        let mut known = String::new();
        let path = |name: &str| self.path(name).display().to_string();
        for Host { name, port, address, .. } in &self.hosts {
            writeln!(text, "Host {name}\n  HostName {address}\n  Port {port}").expect("a text");
            let key = fs::read_to_string(self.path(&format!("{name}.key.pub"))).expect("a key");
            write!(known, "[{address}]:{port} {key}").expect("a text");
        }
        writeln!(
            text,
            "Host *\n  IdentityFile {}\n  IdentitiesOnly yes\n  UserKnownHostsFile {}\n  GlobalKnownHostsFile /dev/null\n{lines}",
            path("user"),
            path("known_hosts")
        )
        .expect("a text");
        if self.login.is_some() {
            writeln!(text, "  User {}", Login::NAME).expect("a text");
        }
        fs::write(self.config(), text).expect("a file");
        fs::write(self.path("known_hosts"), known).expect("a file");
    }

    /// Starts the daemon of a host anew, with these lines before its usual ones.
    pub(super) fn settle(&mut self, name: &str, lines: &str) {
        self.sleep(name);
        lines.clone_into(&mut self.settings);
        self.wake(name);
    }

    /// Gives a host another key than the one that is known.
    pub(super) fn change_key(&mut self, name: &str) {
        self.sleep(name);
        let (key, public) = (self.path(&format!("{name}.key")), self.path(&format!("{name}.key.pub")));
        fs::remove_file(&key).and_then(|()| fs::remove_file(public)).expect("a key");
        keygen(&key);
        self.wake(name);
    }

    /// Gives a host another address, in a network namespace; call `configure` afterwards.
    pub(super) fn move_to(&mut self, name: &str, network: &str, address: &str) {
        self.sleep(name);
        let host = self.hosts.iter_mut().find(|host| host.name == name).expect("a host");
        (host.network, host.address) = (Some(network.to_owned()), address.to_owned());
        self.wake(name);
    }

    /// Starts the daemon of a host.
    pub(super) fn wake(&mut self, name: &str) {
        let dir = self.dir.path().to_owned();
        let home = self.directory(&format!("{name}.home"));
        if let Some(login) = &self.login {
            login.own(&dir.join(format!("{name}.key")));
        }
        let host = self.hosts.iter_mut().find(|host| host.name == name).expect("a host");
        let lines = [
            self.settings.clone(),
            format!("ListenAddress {}:{}", host.address, host.port),
            format!("HostKey {}", dir.join(format!("{name}.key")).display()),
            format!("AuthorizedKeysFile {}", dir.join("user.pub").display()),
            format!("PidFile {}", dir.join(format!("{name}.pid")).display()),
            "UsePAM no\nStrictModes no\nPasswordAuthentication no\nMaxSessions 20".to_owned(),
            // The home of the user would keep what the far half keeps: each host has its own.
            format!("SetEnv HOME={}", home.display()),
        ];
        let config = dir.join(format!("{name}.sshd"));
        fs::write(&config, lines.join("\n") + "\n").expect("a file");
        // `sshd` wants to be called by its absolute path, and a directory for its own use.
        if rustix::process::getuid().is_root() {
            fs::create_dir_all("/run/sshd").expect("root may");
        }
        let log = fs::File::options().create(true).append(true).open(dir.join(format!("{name}.log"))).expect("a file");
        let mut daemon = match &host.network {
            Some(network) => {
                let mut inside = Command::new("ip");
                inside.args(["netns", "exec", network, "/usr/sbin/sshd"]);
                inside
            }
            None => match &self.login {
                Some(login) => login.daemon(&dir),
                None => Command::new("/usr/sbin/sshd"),
            },
        };
        daemon.args(["-D", "-e", "-f"]).arg(&config).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).process_group(0);
        host.daemon = Some(daemon.spawn().expect("sshd (openssh-server) is installed"));
        let address = (host.address.as_str(), host.port);
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
        while std::net::TcpStream::connect(address).is_err() {
            assert!(std::time::Instant::now() < deadline, "{name}: {}", log_of(&dir, name));
            std::thread::yield_now();
        }
    }

    /// Ends the daemon of a host and every connection to it, as when the host loses its network. What runs there goes on.
    pub(super) fn sleep(&mut self, name: &str) {
        let host = self.hosts.iter_mut().find(|host| host.name == name).expect("a host");
        let Some(mut daemon) = host.daemon.take() else { return };
        // The processes of connections are children of the daemon, and each leads a session: they are killed one by one.
        let connections = descendants(daemon.id());
        daemon.kill().expect("ours");
        daemon.wait().expect("ours");
        for pid in connections {
            if comm(pid).starts_with("sshd") {
                kill(pid);
            }
        }
    }

    /// Waits until somebody on a host is asked after a command that has not ended.
    pub(super) fn wait_until_asked(&self, name: &str) {
        let home = format!("HOME={}", self.path(&format!("{name}.home")).display());
        let is_there = |pid: &u32| {
            let environ = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
            environ.split(|byte| *byte == 0).any(|variable| variable == home.as_bytes())
        };
        // The far half looks five times a second, and naps between.
        let naps = |pid: &u32| fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|line| line == b"sleep\x000.2\0");
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
        while !everybody().iter().any(|pid| naps(pid) && is_there(pid)) {
            assert!(std::time::Instant::now() < deadline, "nobody asks");
            std::thread::yield_now();
        }
    }

    /// What the hosts keep of attempts: the files below their homes.
    pub(super) fn kept(&self, name: &str) -> Vec<PathBuf> {
        let mut found = Vec::new();
        collect(&self.path(&format!("{name}.home/.cache/runbook")), &mut found);
        self.login.iter().for_each(|login| collect(&login.place_without_home(), &mut found));
        found.sort();
        found
    }
}

impl Drop for Hosts {
    fn drop(&mut self) {
        let names: Vec<_> = self.hosts.iter().map(|host| host.name.clone()).collect();
        for name in names {
            self.sleep(&name);
        }
        // What tests have left running carries the path of this directory in its environment.
        let mark = format!("HOME={}/", self.dir.path().display());
        for pid in everybody() {
            let environ = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
            if environ.split(|byte| *byte == 0).any(|variable| variable.starts_with(mark.as_bytes())) {
                kill(pid);
            }
        }
    }
}

fn keygen(path: &Path) {
    let status = Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(path).status();
    assert!(status.expect("ssh-keygen").success());
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port").port()
}

fn log_of(dir: &Path, name: &str) -> String {
    fs::read_to_string(dir.join(format!("{name}.log"))).unwrap_or_default()
}

fn everybody() -> Vec<u32> {
    let entries = fs::read_dir("/proc").expect("Linux");
    entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()).collect()
}

fn comm(pid: u32) -> String {
    fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default()
}

fn kill(pid: u32) {
    if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
        kill_process(pid, Signal::KILL).unwrap_or(());
    }
}

/// Waits until a process that is no child of ours has ended. Time bounds a broken test only.
pub(super) fn wait_gone(pid: u32) {
    let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) else { return };
    let Ok(pidfd) = pidfd_open(pid, PidfdFlags::empty()) else { return };
    let patience = Timespec { tv_sec: 60, tv_nsec: 0 };
    assert_eq!(poll(&mut [PollFd::new(&pidfd, PollFlags::IN)], Some(&patience)), Ok(1), "it does not end");
}

/// Kills a process and everything that it has started.
pub(super) fn kill_with_children(pid: u32) {
    let family = descendants(pid);
    kill(pid);
    family.into_iter().for_each(kill);
}

fn parent(pid: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(") ")?.1.split(' ').nth(1)?.parse().ok()
}

fn descendants(root: u32) -> Vec<u32> {
    let all: Vec<(u32, u32)> = everybody().into_iter().filter_map(|pid| Some((pid, parent(pid)?))).collect();
    let mut found = vec![root];
    let mut at = 0;
    while at < found.len() {
        let root = found[at];
        found.extend(all.iter().filter(|(_, parent)| *parent == root).map(|(pid, _)| *pid));
        at += 1;
    }
    found.split_off(1)
}

fn collect(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).into_iter().flatten().filter_map(Result::ok) {
        if entry.path().is_dir() { collect(&entry.path(), found) } else { found.push(entry.path()) }
    }
}
