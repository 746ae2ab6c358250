//! The connections of one run: one to each host, for all its commands there.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::AtomicBool;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use runbook_model::digest::Digest;

use super::link::{Link, Maker, NoLink, SshSettings};
use super::together;

/// After this time without a command, a connection of ours ends by itself: an engine that was killed cannot end it.
const IDLE: &str = "ControlPersist=600";

/// How long the end of a run waits for all of its connections together: an `ssh` that hangs never answers.
const PATIENCE: Duration = Duration::from_secs(3);

/// The connections that were made for one run. Dropping it ends those that are ours.
#[derive(Debug)]
pub struct Links {
    known: Mutex<BTreeMap<String, Link>>,
    /// The directory of the sockets of our connections.
    place: Mutex<Option<PathBuf>>,
    /// Where a later session finds that directory: connections outlive an engine that is killed.
    sign: PathBuf,
}

/// Who is to be reached, and how.
#[derive(Debug)]
pub struct Wanted<'a> {
    /// What the user calls the host.
    pub host: &'a str,
    /// The program.
    pub ssh: &'a Path,
    /// What is said about it in the configuration.
    pub settings: &'a SshSettings,
    /// Its environment.
    pub env: &'a [(OsString, OsString)],
    /// Becomes true when nobody waits for the connection any more: it is not made then.
    pub given_up: &'a AtomicBool,
}

impl Links {
    /// No connections yet. `sign` is a path in the run's own directory.
    #[must_use]
    pub fn new(sign: PathBuf) -> Self {
        Self { known: Mutex::default(), place: Mutex::default(), sign }
    }

    /// Connects to a host, and remembers how. Blocks, for a minute at most, and holds up nobody who wants another host; that two
    /// do not connect to the same one is up to the caller.
    ///
    /// # Errors
    /// It cannot be reached, or was given up.
    pub fn reach(&self, wanted: &Wanted<'_>) -> Result<Link, NoLink> {
        let link = self.connect(wanted)?;
        locked(&self.known).insert(wanted.host.to_owned(), link.clone());
        Ok(link)
    }

    fn connect(&self, wanted: &Wanted<'_>) -> Result<Link, NoLink> {
        let Wanted { host, ssh, settings, env, given_up } = *wanted;
        let _connecting = tracing::debug_span!("connect", host).entered();
        let maker = Maker { ssh, settings, env, host, given_up };
        let configured = maker.configured()?;
        let mut link = maker.link(&configured);
        let theirs = configured.first("controlpath").filter(|path| *path != "none").map(PathBuf::from);
        if theirs.is_some() && maker.run(&link, &["-O", "check"]).is_ok_and(|called| called.status.success()) {
            link.shared = theirs.and_then(|socket| configured.shared(socket));
            return Ok(link);
        }
        // Named by what the user calls the host: a session later finds it by that.
        let path = self.place()?.join(Digest::of(host.as_bytes()).short());
        let socket = format!("ControlPath={}", path.display());
        link.shared = configured.shared(path);
        let mut master = link.clone();
        link.options.splice(0..0, ["-o".to_owned(), socket.clone()]);
        master.options.splice(0..0, ["-o", "ControlMaster=yes", "-o", IDLE, "-o", &socket].map(str::to_owned));
        // One of an earlier session of this run may still be there.
        if !maker.run(&link, &["-O", "check"])?.status.success() {
            let called = maker.run(&master, &["-f", "-N"])?;
            if !called.status.success() {
                return Err(NoLink { message: link.unreachable(&called.stderr) });
            }
        }
        Ok(link)
    }

    /// How a host is reached to which there is a connection.
    #[must_use]
    pub fn reached(&self, host: &str) -> Option<Link> {
        locked(&self.known).get(host).cloned()
    }

    /// Forgets how a host was reached: its connection broke.
    pub fn forget(&self, host: &str) {
        locked(&self.known).remove(host);
    }

    /// The directory of the sockets: of a short path, because the address of a socket has 108 bytes at most.
    fn place(&self) -> Result<PathBuf, NoLink> {
        let mut known = locked(&self.place);
        if let Some(place) = &*known {
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
        Ok(known.insert(place).clone())
    }
}

impl Drop for Links {
    /// Ends our connections, those of an earlier session of the run included: it may have been killed.
    fn drop(&mut self) {
        let earlier = || fs::read_link(&self.sign).ok().filter(|place| is_private(place));
        let Some(place) = locked(&self.place).clone().or_else(earlier) else { return };
        let ssh = locked(&self.known).values().next().map_or_else(|| "ssh".to_owned(), |link| link.ssh.clone());
        let sockets = fs::read_dir(&place).into_iter().flatten().filter_map(Result::ok).map(|entry| entry.path());
        let late = together::ended(sockets.filter_map(|socket| exit(&ssh, &socket)), PATIENCE);
        if late > 0 {
            tracing::warn!("{late} connections to hosts did not end when they were told to: {IDLE} ends them, or `kill`");
        }
        if let Err(error) = fs::remove_dir_all(&place).and_then(|()| fs::remove_file(&self.sign)) {
            tracing::warn!("`{}` was not removed: {error}", place.display());
        }
    }
}

/// Tells the `ssh` behind a socket to end.
fn exit(ssh: &str, socket: &Path) -> Option<Child> {
    let told = Command::new(ssh)
        .arg("-S")
        .arg(socket)
        // The host is read from the socket; the word has only to be there.
        .args(["-F", "/dev/null", "-O", "exit", "--", "host"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    told.inspect_err(|error| tracing::warn!("the connection at `{}` was not closed: {error}", socket.display())).ok()
}

/// Whether a directory is ours and open to nobody else: `/tmp` is everybody's.
fn is_private(place: &Path) -> bool {
    fs::symlink_metadata(place).is_ok_and(|metadata| {
        metadata.is_dir() && metadata.uid() == rustix::process::geteuid().as_raw() && metadata.mode() & 0o077 == 0
    })
}

/// What is locked is written in one move: a panic elsewhere leaves it whole.
fn locked<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}
