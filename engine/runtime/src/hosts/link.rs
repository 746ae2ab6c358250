//! How a host is reached: the user's `ssh` with the user's configuration, over one connection for all commands of a run.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use runbook_model::change::quoted;
use runbook_model::digest::Digest;
use runbook_model::length::Length;
use serde::{Deserialize, Serialize};

use super::words::in_a_line;

/// How long a connection may take to come about, with all that the user's configuration asks for.
const PATIENCE: Duration = Duration::from_secs(60);

/// After this time without a command, a connection of ours ends by itself: an engine that was killed cannot end it.
const IDLE: &str = "ControlPersist=600";

/// What is said about `ssh` in the configuration.
#[derive(Debug, Clone)]
pub struct SshSettings {
    /// A file to be used in place of `~/.ssh/config`.
    pub config: Option<PathBuf>,
    /// How long a host that was lost in mid-command is asked again.
    pub reconnect: Length,
}

impl Default for SshSettings {
    /// The user's own configuration, and a minute.
    fn default() -> Self {
        Self { config: None, reconnect: Length::from_secs(60) }
    }
}

/// How a host is reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// The program.
    pub ssh: String,
    /// Its options.
    pub options: Vec<String>,
    /// The host.
    pub host: String,
    /// The connection that is shared, when sessions on it can be asked for without `ssh`.
    #[serde(default)]
    pub shared: Option<Shared>,
}

/// What asking for a session on a shared connection takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shared {
    /// The socket of the `ssh` that holds it.
    pub socket: PathBuf,
    /// Whether the user's configuration forwards an agent.
    pub agent: bool,
    /// Which variables it sends, as patterns.
    pub send_env: Vec<String>,
}

/// A host that cannot be reached. Nothing was started there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct NoLink {
    /// Why, with what to try by hand.
    pub message: String,
}

impl Link {
    /// The command line but for what is to run there. `direct` uses no connection that there is; `log` gets the words of
    /// `ssh`, so that they do not stand among those of the command.
    pub(super) fn argv(&self, direct: bool, log: &Path) -> Vec<String> {
        let mut argv = vec![self.ssh.clone()];
        if direct {
            // The first value counts.
            argv.extend(["-o", "ControlPath=none"].map(str::to_owned));
        }
        argv.extend(self.options.iter().cloned());
        argv.extend(["-E".to_owned(), log.display().to_string(), "--".to_owned(), self.host.clone()]);
        argv
    }

    /// A host that cannot be reached, with what to try by hand.
    pub(super) fn unreachable(&self, words: &str) -> String {
        let config: Vec<_> = match self.options.iter().position(|option| option == "-F") {
            Some(at) => self.options[at..].iter().take(2).map(|word| quoted(word)).collect(),
            None => Vec::new(),
        };
        let by_hand = ["ssh"].into_iter().chain(config.iter().map(String::as_str)).chain([self.host.as_str(), "true"]);
        let by_hand = by_hand.collect::<Vec<_>>().join(" ");
        format!("`{}` cannot be reached: {}; try by hand: `{by_hand}`", self.host, in_a_line(words))
    }
}

/// The connections that were made for one run. Dropping it ends those that are ours.
#[derive(Debug)]
pub struct Links {
    known: BTreeMap<String, Link>,
    /// The directory of the sockets of our connections.
    place: Option<PathBuf>,
    /// Where a later session finds that directory: connections outlive an engine that is killed.
    sign: PathBuf,
}

impl Links {
    /// No connections yet. `sign` is a path in the run's own directory.
    #[must_use]
    pub fn new(sign: PathBuf) -> Self {
        Self { known: BTreeMap::new(), place: None, sign }
    }

    /// How a host is reached; connects when it was not reached before. Blocks, for a minute at most.
    ///
    /// # Errors
    /// It cannot be reached.
    pub fn reach(
        &mut self,
        host: &str,
        ssh: &Path,
        settings: &SshSettings,
        env: &[(OsString, OsString)],
    ) -> Result<Link, NoLink> {
        if let Some(link) = self.known.get(host) {
            return Ok(link.clone());
        }
        let _connecting = tracing::debug_span!("connect", host).entered();
        let maker = Maker { ssh, settings, env, host };
        let configured = maker.configured()?;
        let mut link = maker.link(&configured);
        let theirs = configured.first("controlpath").filter(|path| *path != "none").map(PathBuf::from);
        if theirs.is_some() && maker.run(&link, &["-O", "check"]).is_ok_and(|(status, _)| status.success()) {
            link.shared = theirs.and_then(|socket| configured.shared(socket));
        } else {
            // Named by what the user calls the host: a session later finds it by that.
            let path = self.place()?.join(Digest::of(host.as_bytes()).short());
            let socket = format!("ControlPath={}", path.display());
            link.shared = configured.shared(path);
            let mut master = link.clone();
            link.options.splice(0..0, ["-o".to_owned(), socket.clone()]);
            master.options.splice(0..0, ["-o", "ControlMaster=yes", "-o", IDLE, "-o", &socket].map(str::to_owned));
            // One of an earlier session of this run may still be there.
            if !maker.run(&link, &["-O", "check"])?.0.success() {
                let (status, words) = maker.run(&master, &["-f", "-N"])?;
                if !status.success() {
                    return Err(NoLink { message: link.unreachable(&words) });
                }
            }
        }
        self.known.insert(host.to_owned(), link.clone());
        Ok(link)
    }

    /// Forgets how a host was reached: its connection broke.
    pub fn forget(&mut self, host: &str) {
        self.known.remove(host);
    }

    /// The hosts that were reached.
    #[must_use]
    pub fn known(&self) -> Vec<Link> {
        self.known.values().cloned().collect()
    }

    /// The directory of the sockets: of a short path, because the address of a socket has 108 bytes at most.
    fn place(&mut self) -> Result<PathBuf, NoLink> {
        if let Some(place) = &self.place {
            return Ok(place.clone());
        }
        let failed = |error: io::Error| NoLink { message: format!("no directory for the sockets of ssh can be made: {error}") };
        let place = match fs::read_link(&self.sign).ok().filter(|place| is_private(place)) {
            Some(place) => place,
            None => {
                let private = fs::Permissions::from_mode(0o700);
                let made = tempfile::Builder::new().prefix("runbook-ssh-").permissions(private).tempdir_in("/tmp");
                let place = made.map_err(failed)?.keep();
                fs::remove_file(&self.sign).unwrap_or(()); // what it points at is gone, or is not ours
                symlink(&place, &self.sign).map_err(failed)?;
                place
            }
        };
        Ok(self.place.insert(place).clone())
    }
}

impl Drop for Links {
    /// Ends our connections, those of an earlier session of the run included: it may have been killed.
    fn drop(&mut self) {
        let earlier = || fs::read_link(&self.sign).ok().filter(|place| is_private(place));
        let Some(place) = self.place.clone().or_else(earlier) else { return };
        let ssh = self.known.values().next().map_or("ssh", |link| link.ssh.as_str());
        for socket in fs::read_dir(&place).into_iter().flatten().filter_map(Result::ok) {
            let exit = Command::new(ssh)
                .arg("-S")
                .arg(socket.path())
                // The host is read from the socket; the word has only to be there.
                .args(["-F", "/dev/null", "-O", "exit", "--", "host"])
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status();
            if let Err(error) = exit {
                tracing::warn!("the connection at `{}` was not closed: {error}", socket.path().display());
            }
        }
        if let Err(error) = fs::remove_dir_all(&place).and_then(|()| fs::remove_file(&self.sign)) {
            tracing::warn!("`{}` was not removed: {error}", place.display());
        }
    }
}

/// Whether a directory is ours and open to nobody else: `/tmp` is everybody's.
fn is_private(place: &Path) -> bool {
    fs::symlink_metadata(place).is_ok_and(|metadata| {
        metadata.is_dir() && metadata.uid() == rustix::process::geteuid().as_raw() && metadata.mode() & 0o077 == 0
    })
}

/// What the user's configuration says about a host: names in lower case, some of them several times.
struct Configured(Vec<(String, String)>);

impl Configured {
    fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    fn first(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// A connection that sessions can be asked for, unless they are to be more than a command with three streams.
    fn shared(&self, socket: PathBuf) -> Option<Shared> {
        let plain = [("forwardx11", "no"), ("sessiontype", "default"), ("stdinnull", "no"), ("forkafterauthentication", "no")];
        plain.iter().all(|(name, wanted)| self.first(name).is_none_or(|value| value == *wanted)).then(|| Shared {
            socket,
            agent: self.first("forwardagent").is_some_and(|value| value != "no"),
            send_env: self.all("sendenv").map(str::to_owned).collect(),
        })
    }
}

/// Makes one link.
struct Maker<'a> {
    ssh: &'a Path,
    settings: &'a SshSettings,
    env: &'a [(OsString, OsString)],
    host: &'a str,
}

impl Maker<'_> {
    /// What the user's configuration says about the host, as `ssh -G` prints it.
    fn configured(&self) -> Result<Configured, NoLink> {
        let link = self.bare();
        let output = Command::new(self.ssh)
            .args(&link.options)
            .args(["-G", "--", self.host])
            .env_clear()
            .envs(self.env.iter().cloned())
            .stdin(Stdio::null())
            .output()
            .map_err(|error| self.not_started(&error))?;
        if !output.status.success() {
            return Err(NoLink { message: link.unreachable(&String::from_utf8_lossy(&output.stderr)) });
        }
        let text = String::from_utf8_lossy(&output.stdout);
        let lines = text.lines().filter_map(|line| line.split_once(' '));
        Ok(Configured(lines.map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect()))
    }

    fn bare(&self) -> Link {
        let config = self.settings.config.iter().flat_map(|file| ["-F".to_owned(), file.display().to_string()]);
        Link { ssh: self.ssh.display().to_string(), options: config.collect(), host: self.host.to_owned(), shared: None }
    }

    /// The options that every session has. What the user configured stays, but for what would keep a command from being run:
    /// questions that nobody can see, forwardings that the first session has already, a terminal.
    fn link(&self, configured: &Configured) -> Link {
        let mut link = self.bare();
        let mut set = |option: &str| link.options.extend(["-o".to_owned(), option.to_owned()]);
        for option in ["BatchMode=yes", "ClearAllForwardings=yes", "RemoteCommand=none", "RequestTTY=no", "ControlMaster=no"] {
            set(option);
        }
        let is_unset = |name: &str| configured.first(name).is_none_or(|value| ["none", "0"].contains(&value));
        if is_unset("connecttimeout") {
            set("ConnectTimeout=10");
        }
        // A connection that is dead and says nothing must be found out.
        if is_unset("serveraliveinterval") {
            set("ServerAliveInterval=5");
            set("ServerAliveCountMax=3");
        }
        link
    }

    /// Runs `ssh` to its end, with its words. What goes on in the background may hold its outputs, so they are a file.
    fn run(&self, link: &Link, arguments: &[&str]) -> Result<(ExitStatus, String), NoLink> {
        let failed = |error: io::Error| self.not_started(&error);
        let words = tempfile::NamedTempFile::new().map_err(failed)?;
        let file = || words.reopen().map(Stdio::from);
        let mut child = Command::new(self.ssh)
            .args(arguments)
            .args(&link.options)
            .args(["--", self.host])
            .env_clear()
            .envs(self.env.iter().cloned())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(file().map_err(failed)?)
            .spawn()
            .map_err(failed)?;
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = child.try_wait().map_err(failed)? {
                let words = fs::read(words.path()).unwrap_or_default();
                return Ok((status, String::from_utf8_lossy(&words).into_owned()));
            }
            if Instant::now() > deadline {
                child.kill().and_then(|()| child.wait()).map_err(failed)?;
                let words = format!("no connection came about within {} s", PATIENCE.as_secs());
                return Err(NoLink { message: link.unreachable(&words) });
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn not_started(&self, error: &io::Error) -> NoLink {
        NoLink { message: format!("`{}` could not be started: {error}", self.ssh.display()) }
    }
}
