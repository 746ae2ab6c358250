//! T13: what a command on another host costs, beside `ssh` with one connection that all share.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::measured::{self, Taken};
use crate::options::Options;
use crate::ours;
use crate::place::Place;
use crate::rivals;
use crate::rounds::{Contest, Figures, cpu, wall};
use crate::verdict::Table;

const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) fn measure(options: &Options, table: &mut Table) -> Result<(), String> {
    if !options.wants(&["T13"]) {
        return Ok(());
    }
    let host = Host::start()?;
    let (few, many) = (options.sized(10, 1), options.sized(110, 3));
    let results = Contest::default()
        .with("ssh", || Figures::slope(few, many, |count| host.by_ssh(count)))
        .with("ours", || Figures::slope(few, many, |count| host.by_us(count)))
        .held(options.rounds);
    table.row("T13", "a command on a host × `ssh` on a shared connection", results.ratio("ours", "ssh", wall), "×", 1.3, 0.5);
    for name in ["ssh", "ours"] {
        table.figure(&format!("a command on a host, {name}"), results.sample(name, wall), "ms");
        table.figure(&format!("processor time of it here, {name}"), results.sample(name, cpu), "ms");
    }
    Ok(())
}

/// A host on loopback: an `sshd` with keys of its own.
struct Host {
    dir: tempfile::TempDir,
    daemon: Child,
}

impl Host {
    fn start() -> Result<Self, String> {
        let shown = |error: std::io::Error| error.to_string();
        let keygen = rivals::installed("ssh-keygen")?;
        let dir = tempfile::Builder::new().prefix("costs-sshd-").tempdir_in("/var/tmp").map_err(shown)?;
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o700)).map_err(shown)?;
        let path = |name: &str| dir.path().join(name);
        for name in ["host", "user"] {
            let made = Command::new(&keygen).args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(path(name)).status();
            made.map_err(shown)?.success().then_some(()).ok_or("`ssh-keygen` made no key")?;
        }
        if rustix::process::getuid().is_root() {
            fs::create_dir_all("/run/sshd").map_err(shown)?;
        }
        let address = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).map_err(shown)?;
        let (port, public) = (address.port(), fs::read_to_string(path("host.pub")).map_err(shown)?);
        let at = |name: &str| path(name).display().to_string();
        fs::create_dir(path("home")).map_err(shown)?;
        let server = format!(
            "ListenAddress 127.0.0.1:{port}\nHostKey {}\nAuthorizedKeysFile {}\nPidFile none\nUsePAM no\nStrictModes no\nSetEnv HOME={}\n",
            at("host"),
            at("user.pub"),
            at("home")
        );
        let client = format!(
            "Host far\n  HostName 127.0.0.1\n  Port {port}\n  IdentityFile {}\n  IdentitiesOnly yes\n  UserKnownHostsFile {}\n  GlobalKnownHostsFile /dev/null\n",
            at("user"),
            at("known")
        );
        for (name, text) in [("server", server), ("client", client), ("known", format!("[127.0.0.1]:{port} {public}"))] {
            fs::write(path(name), text).map_err(shown)?;
        }
        let mut daemon = Command::new("/usr/sbin/sshd");
        daemon.args(["-D", "-e", "-f"]).arg(path("server"));
        let daemon = daemon.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let host = Self { daemon: daemon.map_err(|error| format!("`/usr/sbin/sshd`: {error}"))?, dir };
        let deadline = Instant::now() + PATIENCE;
        while TcpStream::connect(address).is_err() {
            if Instant::now() > deadline {
                return Err("`sshd` does not listen".to_owned());
            }
            std::thread::yield_now();
        }
        Ok(host)
    }

    fn client(&self) -> PathBuf {
        self.dir.path().join("client")
    }

    /// One connection that is opened once, and a session on it for each command: what a careful person writes by hand.
    fn by_ssh(&self, count: usize) -> Result<Taken, String> {
        let place = Place::new()?;
        let ssh = format!("ssh -F {} -S {}", self.client().display(), place.path("socket").display());
        place.write(
            "commands.sh",
            &format!(
                "set -e\n{ssh} -M -N -f -o ControlPersist=yes far\nfor ((n = 0; n < {count}; n++)); do\n{ssh} far /bin/true\ndone\n{ssh} -q -O exit far\n"
            ),
        )?;
        measured::run(place.command("bash", &["commands.sh"]), 0)
    }

    fn by_us(&self, count: usize) -> Result<Taken, String> {
        let place = Place::with(&format!(
            "for n in 0..{count} {{ command(\"step\", #{{ on: \"far\", run: [\"/bin/true\"], rollback: \"nothing\" }}); }}"
        ))?;
        place.write("runbook.toml", &format!("[ssh]\nconfig = {:?}\n", self.client().display().to_string()))?;
        ours::exec_in(&place, &ours::UNSEALED)
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.daemon.kill().ok();
        self.daemon.wait().ok();
    }
}
