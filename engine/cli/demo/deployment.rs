//! The demo deployment as a thing that one can set up, start, look at and stop.

use std::collections::hash_map::RandomState;
use std::fs;
use std::hash::{BuildHasher, Hasher};
use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::failure::DemoFailure;
use super::layout::{self, ADDRESS_FILE};
use super::request;

/// A demo deployment on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deployment {
    root: PathBuf,
    address: SocketAddr,
}

/// Lays out a deployment in `dir`, whose service will be the program `exe` called with `demo-service`.
///
/// An earlier deployment in the same place is stopped first and set back to its broken release; the journals and notes
/// of earlier runs stay. It keeps its port when that is still free.
///
/// # Errors
/// When `dir` holds anything else (nothing is touched then), or cannot be written.
pub fn prepare(dir: &Path, exe: &Path) -> Result<Deployment, DemoFailure> {
    fs::create_dir_all(dir).map_err(DemoFailure::file("create", dir))?;
    let root = dir.canonicalize().map_err(DemoFailure::file("find", dir))?;
    let exe = exe.canonicalize().map_err(DemoFailure::file("find", exe))?;
    let earlier = match Deployment::open(&root) {
        Ok(earlier) => {
            earlier.stop()?;
            Some(earlier.address)
        }
        Err(DemoFailure::Absent(_)) => {
            let mut entries = fs::read_dir(&root).map_err(DemoFailure::file("list", &root))?;
            if entries.next().is_some() {
                return Err(DemoFailure::Occupied(root));
            }
            None
        }
        Err(failure) => return Err(failure),
    };
    let address = free_address(earlier.filter(|&address| comes_free(address)))?;
    layout::write(&root, &exe, address)?;
    Ok(Deployment { root, address })
}

/// Below the ports that systems give to outgoing connections (32,768 and up on Linux): one of those could be taken by any
/// connection while the service restarts.
const PORTS: std::ops::Range<u16> = 10_000..32_000;

/// After so many ports that are all taken, something other than bad luck is wrong.
const TRIES: u64 = 100;

/// How long the port of a service that was just stopped may still be taken.
const LINGERING: Duration = Duration::from_secs(1);

/// Whether an address can be listened on, or can be in a moment: the kernel may not have taken it back yet.
fn comes_free(address: SocketAddr) -> bool {
    let end = Instant::now() + LINGERING;
    while TcpListener::bind(address).is_err() {
        if Instant::now() >= end {
            return false;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    true
}

/// The wanted address when it can be listened on, else a free one.
fn free_address(wanted: Option<SocketAddr>) -> Result<SocketAddr, DemoFailure> {
    // The hash of nothing with a random key: any number, without a crate for it.
    let start = RandomState::new().build_hasher().finish();
    let offsets = (0..TRIES).map(|step| (start.wrapping_add(step) % u64::from(PORTS.end - PORTS.start)) as u16);
    let mut candidates = wanted.into_iter().chain(offsets.map(|offset| (Ipv4Addr::LOCALHOST, PORTS.start + offset).into()));
    candidates.find(|&address| TcpListener::bind(address).is_ok()).ok_or(DemoFailure::NoPort { tries: TRIES })
}

impl Deployment {
    /// The deployment that was laid out in `dir` earlier.
    ///
    /// # Errors
    /// [`DemoFailure::Absent`] when there is none.
    pub fn open(dir: &Path) -> Result<Self, DemoFailure> {
        let path = dir.join(ADDRESS_FILE);
        let text = match fs::read_to_string(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Err(DemoFailure::Absent(dir.to_owned())),
            read => read.map_err(DemoFailure::file("read", &path))?,
        };
        let address = text.trim().parse().map_err(|_| DemoFailure::Absent(dir.to_owned()))?;
        let root = dir.canonicalize().map_err(DemoFailure::file("find", dir))?;
        Ok(Self { root, address })
    }

    /// Its directory, which is also the runbook repository: `runbook.toml` and `runbooks/` are in it. Absolute.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where its service listens; always on loopback.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The release that the link `current` points at; the service may still serve another one until it is restarted.
    ///
    /// # Errors
    /// When the link is missing.
    pub fn current(&self) -> Result<String, DemoFailure> {
        let link = self.root.join("current");
        let target = fs::read_link(&link).map_err(DemoFailure::file("read", &link))?;
        Ok(target.file_name().unwrap_or_default().to_string_lossy().into_owned())
    }

    /// Starts the service and returns once it listens. Starting it twice is the same as starting it once.
    ///
    /// # Errors
    /// What the control script said.
    pub fn start(&self) -> Result<(), DemoFailure> {
        self.control("start")
    }

    /// Stops the service and returns once its process has ended. Stopping it twice is the same as stopping it once.
    ///
    /// # Errors
    /// What the control script said.
    pub fn stop(&self) -> Result<(), DemoFailure> {
        self.control("stop")
    }

    /// Status and body of `GET /health`.
    ///
    /// # Errors
    /// When nothing answers within 5 seconds.
    pub fn health(&self) -> Result<(u16, String), DemoFailure> {
        self.get("/health")
    }

    /// Status and body of a page of the service.
    ///
    /// # Errors
    /// When nothing answers within 5 seconds.
    pub fn get(&self, path: &str) -> Result<(u16, String), DemoFailure> {
        request::get(self.address, path).map_err(|source| DemoFailure::NoAnswer { address: self.address, source })
    }

    fn control(&self, verb: &'static str) -> Result<(), DemoFailure> {
        let script = self.root.join("bin/api");
        // Through `sh`, so that the demo also works where programs may not be executed (a file system mounted noexec).
        let output =
            Command::new("sh").arg(&script).arg(verb).stdin(Stdio::null()).output().map_err(DemoFailure::file("run", &script))?;
        if output.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        Err(DemoFailure::Control { verb, said })
    }
}
