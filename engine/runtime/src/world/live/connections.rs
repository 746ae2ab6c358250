//! Who is connected to, when, and for whom.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::{Mutex, Semaphore};

use super::Site;
use super::blocking::off_thread;
use super::environment::own_path;
use super::program::resolve_program;
use crate::hosts::{Link, Links, NoLink, SshSettings, Wanted};

/// How long the end of a session may be kept waiting for connections that nobody waits for any more.
const CONNECTING: Duration = Duration::from_secs(1);

/// How many hosts are connected to at the same time. One jump host may be on the way to all of them, and `sshd` begins to turn
/// people away when ten have not logged in yet (`MaxStartups 10:30:100`).
const AT_ONCE: usize = 8;

/// The connections of one run. Each host is connected to by itself: one that does not answer keeps nobody waiting but those who
/// want it.
pub(super) struct Connections {
    links: Arc<Links>,
    turns: Semaphore,
    /// Two connections to the same host are never made at the same time: whoever wants it as well stands before its door, and takes
    /// no place of those who want another.
    doors: RefCell<BTreeMap<String, Arc<Mutex<()>>>>,
}

impl Connections {
    /// None yet. `sign` is a path in the run's own directory.
    pub(super) fn new(sign: PathBuf) -> Self {
        Self { links: Arc::new(Links::new(sign)), turns: Semaphore::new(AT_ONCE), doors: RefCell::default() }
    }

    /// How a host is reached; connects when it was not reached before.
    pub(super) async fn reach(&self, site: &Site, settings: &SshSettings, host: &str) -> Result<Link, NoLink> {
        if let Some(link) = self.reached(host) {
            return Ok(link);
        }
        let door = Arc::clone(self.doors.borrow_mut().entry(host.to_owned()).or_default());
        let _first = door.lock().await;
        if let Some(link) = self.reached(host) {
            return Ok(link);
        }
        let (links, settings, host) = (Arc::clone(&self.links), settings.clone(), host.to_owned());
        let (env, root) = (site.env.clone(), site.root.clone());
        let _turn = self.turns.acquire().await;
        let waiting = Waiting::default();
        let given_up = Arc::clone(&waiting.given_up);
        off_thread(move || {
            let ssh = ssh(&env, &root)?;
            links.reach(&Wanted { host: &host, ssh: &ssh, settings: &settings, env: &env, given_up: &given_up })
        })
        .await
    }

    /// How a host is reached to which there is a connection.
    pub(super) fn reached(&self, host: &str) -> Option<Link> {
        self.links.reached(host)
    }

    /// Forgets how a host was reached: its connection broke.
    pub(super) fn forget(&self, host: &str) {
        self.links.forget(host);
    }

    /// Waits for those who were connecting when the run was stopped: they have heard of it, and end their `ssh`, which would outlive
    /// a process that ended before them. Blocks.
    pub(super) fn settle(&self) {
        let deadline = Instant::now() + CONNECTING;
        while Arc::strong_count(&self.links) > 1 && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

/// Whoever waits for a connection. Dropped, the thread that connects hears of it, and the engine need not wait for that to end.
#[derive(Default)]
struct Waiting {
    given_up: Arc<AtomicBool>,
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.given_up.store(true, Ordering::Relaxed);
    }
}

/// Where the user's `ssh` is.
fn ssh(env: &[(OsString, OsString)], root: &Path) -> Result<PathBuf, NoLink> {
    let path = own_path(env);
    resolve_program("ssh", path, root).map_err(|error| NoLink { message: format!("commands on hosts need `ssh`: {error}") })
}
