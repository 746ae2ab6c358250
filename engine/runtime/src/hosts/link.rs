//! How a host is reached: the user's `ssh` with the user's configuration.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use runbook_model::change::quoted;
use runbook_model::length::Length;
use serde::{Deserialize, Serialize};

use super::words::in_a_line;

/// How long a connection may take to come about, with all that the user's configuration asks for.
const PATIENCE: Duration = Duration::from_secs(60);

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

/// What the user's configuration says about a host: names in lower case, some of them several times.
pub(super) struct Configured(Vec<(String, String)>);

impl Configured {
    fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn first(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// A connection that sessions can be asked for, unless they are to be more than a command with three streams.
    pub(super) fn shared(&self, socket: PathBuf) -> Option<Shared> {
        let plain = [("forwardx11", "no"), ("sessiontype", "default"), ("stdinnull", "no"), ("forkafterauthentication", "no")];
        plain.iter().all(|(name, wanted)| self.first(name).is_none_or(|value| value == *wanted)).then(|| Shared {
            socket,
            agent: self.first("forwardagent").is_some_and(|value| value != "no"),
            send_env: self.all("sendenv").map(str::to_owned).collect(),
        })
    }
}

/// Makes one link.
pub(super) struct Maker<'a> {
    pub(super) ssh: &'a Path,
    pub(super) settings: &'a SshSettings,
    pub(super) env: &'a [(OsString, OsString)],
    pub(super) host: &'a str,
    /// Becomes true when nobody waits for it any more.
    pub(super) given_up: &'a AtomicBool,
}

/// How a call of `ssh` ended, and its words.
pub(super) struct Called {
    pub(super) status: ExitStatus,
    stdout: String,
    pub(super) stderr: String,
}

impl Maker<'_> {
    /// What the user's configuration says about the host, as `ssh -G` prints it.
    pub(super) fn configured(&self) -> Result<Configured, NoLink> {
        let link = self.bare();
        let called = self.run(&link, &["-G"])?;
        if !called.status.success() {
            return Err(NoLink { message: link.unreachable(&called.stderr) });
        }
        let lines = called.stdout.lines().filter_map(|line| line.split_once(' '));
        Ok(Configured(lines.map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect()))
    }

    fn bare(&self) -> Link {
        let config = self.settings.config.iter().flat_map(|file| ["-F".to_owned(), file.display().to_string()]);
        Link { ssh: self.ssh.display().to_string(), options: config.collect(), host: self.host.to_owned(), shared: None }
    }

    /// The options that every session has. What the user configured stays, but for what would keep a command from being run:
    /// questions that nobody can see, forwardings that the first session has already, a terminal.
    pub(super) fn link(&self, configured: &Configured) -> Link {
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

    /// Runs `ssh` to its end. What goes on in the background may hold its outputs, so they are files.
    pub(super) fn run(&self, link: &Link, arguments: &[&str]) -> Result<Called, NoLink> {
        let failed = |error: io::Error| self.not_started(&error);
        let [stdout, stderr] = [tempfile::NamedTempFile::new(), tempfile::NamedTempFile::new()];
        let (stdout, stderr) = (stdout.map_err(failed)?, stderr.map_err(failed)?);
        let into = |file: &tempfile::NamedTempFile| file.reopen().map(Stdio::from).map_err(failed);
        let read =
            |file: &tempfile::NamedTempFile| String::from_utf8_lossy(&fs::read(file.path()).unwrap_or_default()).into_owned();
        let mut child = Command::new(self.ssh)
            .args(arguments)
            .args(&link.options)
            .args(["--", self.host])
            .env_clear()
            .envs(self.env.iter().cloned())
            .stdin(Stdio::null())
            .stdout(into(&stdout)?)
            .stderr(into(&stderr)?)
            .spawn()
            .map_err(failed)?;
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = child.try_wait().map_err(failed)? {
                return Ok(Called { status, stdout: read(&stdout), stderr: read(&stderr) });
            }
            let given_up = self.given_up.load(Ordering::Relaxed);
            if given_up || Instant::now() > deadline {
                // Its `ProxyCommand`, a jump host's `ssh` say, reads the end of its input.
                child.kill().and_then(|()| child.wait()).map_err(failed)?;
                let late = || format!("no connection came about within {} s", PATIENCE.as_secs());
                let words = if given_up { "nobody waits for it any more".to_owned() } else { late() };
                return Err(NoLink { message: link.unreachable(&words) });
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn not_started(&self, error: &io::Error) -> NoLink {
        NoLink { message: format!("`{}` could not be started: {error}", self.ssh.display()) }
    }
}
