//! A real Docker of our own: a daemon on a socket in a directory, without a network, with an image made of busybox.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// What it mounts is gone with its namespace; its key belongs to nobody.
const BEGIN: &str = "mkdir -p /etc/docker && mount -t tmpfs none /etc/docker && exec dockerd \"$@\"";

/// It is gone with the value, and its containers with it.
pub(super) struct Daemon {
    dir: PathBuf,
    process: Child,
}

impl Daemon {
    /// Starts it below a directory; it has the images `shop:1` and `shop:2`, which differ in `/release`.
    pub(super) fn start(dir: &Path) -> Self {
        fs::create_dir_all(dir).expect("a directory");
        let path = |name: &str| dir.join(name).display().to_string();
        let log = fs::File::create(dir.join("log")).expect("a file");
        let process = Command::new("unshare")
            .args(["--mount", "sh", "-c", BEGIN, "sh"])
            .args(["--data-root", &path("data"), "--exec-root", &path("exec"), "--pidfile", &path("pid")])
            .args(["--host", &format!("unix://{}", path("socket")), "--storage-driver", "vfs"])
            .args(["--bridge", "none", "--iptables=false", "--ip6tables=false", "--ip-forward=false"])
            .stdin(Stdio::null())
            .stderr(log.try_clone().expect("a file"))
            .stdout(log)
            .spawn()
            .expect("unshare (util-linux)");
        let mut daemon = Self { dir: dir.to_owned(), process };
        let end = Instant::now() + Duration::from_secs(120);
        while !daemon.docker(&["version"]).0 {
            let gone = daemon.process.try_wait().expect("ours");
            let said = fs::read_to_string(dir.join("log")).unwrap_or_default();
            assert!(gone.is_none() && Instant::now() < end, "dockerd (Debian: docker.io; it wants root): {said}");
            std::thread::yield_now();
        }
        for release in ["1", "2"] {
            daemon.import(release);
        }
        daemon
    }

    /// `docker`, as words of a list in Rhai.
    pub(super) fn words(&self) -> String {
        format!(r#"["docker", "--host", "unix://{}"]"#, self.dir.join("socket").display())
    }

    /// Whether it went well, and what was printed.
    pub(super) fn docker(&self, words: &[&str]) -> (bool, String) {
        let host = format!("unix://{}", self.dir.join("socket").display());
        let output = Command::new("docker").args(["--host", &host]).args(words).output().expect("docker (Debian: docker.io)");
        let text = if output.status.success() { output.stdout } else { output.stderr };
        (output.status.success(), String::from_utf8_lossy(&text).trim_end().to_owned())
    }

    #[track_caller]
    pub(super) fn does(&self, words: &[&str]) -> String {
        let (well, text) = self.docker(words);
        assert!(well, "docker {words:?}: {text}");
        text
    }

    /// An image of busybox, and of the libraries that it wants.
    fn import(&self, release: &str) {
        let root = self.dir.join("image");
        let script = r#"set -e
            rm -rf "$1"; mkdir -p "$1/bin"
            busybox=$(command -v busybox)
            cp "$busybox" "$1/bin/"
            for library in $(ldd "$busybox" 2>/dev/null | grep -o '/[^ ]*'); do mkdir -p "$1$(dirname "$library")"; cp "$library" "$1$library"; done
            for name in sh sleep cat true false echo; do ln -s busybox "$1/bin/$name"; done
            echo "$2" > "$1/release"
            tar -C "$1" -cf "$1.tar" ."#;
        let packed = Command::new("sh").args(["-c", script, "sh"]).arg(&root).arg(release).output().expect("sh");
        assert!(packed.status.success(), "busybox (Debian: busybox): {}", String::from_utf8_lossy(&packed.stderr));
        self.does(&["import", &format!("{}.tar", root.display()), &format!("shop:{release}")]);
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // It stops its containers and goes.
        if let Some(pid) = i32::try_from(self.process.id()).ok().and_then(Pid::from_raw) {
            kill_process(pid, Signal::TERM).unwrap_or(());
        }
        drop(self.process.wait());
    }
}
