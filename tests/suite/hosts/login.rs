//! Who one is on a host: not root, as on most.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

/// Somebody without any rights, whom only the daemon of the test knows. Dropping it removes what lies outside of its home.
pub(super) struct Login {
    uid: u32,
}

impl Login {
    pub(super) const NAME: &str = "rbfar";

    /// Somebody new. `None` without the rights to become somebody else: then one is somebody without rights on all hosts.
    pub(super) fn new() -> Option<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        // Not of any user here, nor of another process that runs tests.
        let uid = 1_700_000_000 + std::process::id() % 1_000_000 * 16 + NEXT.fetch_add(1, Ordering::Relaxed);
        rustix::process::getuid().is_root().then_some(Self { uid })
    }

    /// Where the far half puts its things when there is no home to write to.
    pub(super) fn place_without_home(&self) -> PathBuf {
        PathBuf::from(format!("/tmp/runbook-{}", self.uid))
    }

    /// Lets the directory of the hosts be passed through, and says who this is, in a file of accounts.
    pub(super) fn register(&self, dir: &Path) {
        fs::set_permissions(dir, fs::Permissions::from_mode(0o711)).expect("ours");
        let accounts = fs::read_to_string("/etc/passwd").expect("accounts");
        let Self { uid } = self;
        let line = format!("{}:x:{uid}:{uid}::{}:/bin/sh\n", Self::NAME, dir.display());
        fs::write(dir.join("accounts"), accounts + &line).expect("a file");
        fs::set_permissions(dir.join("accounts"), fs::Permissions::from_mode(0o644)).expect("ours");
    }

    /// Gives a file away.
    pub(super) fn own(&self, path: &Path) {
        chown(path, Some(self.uid), Some(self.uid)).expect("root may");
    }

    /// The daemon as this user, who can let nobody else in. It alone sees the file of accounts in the place of the usual one.
    pub(super) fn daemon(&self, dir: &Path) -> Command {
        let mut command = Command::new("unshare");
        let script = "mount --bind \"$1\" /etc/passwd && shift && exec setpriv --clear-groups --regid \"$1\" --reuid \"$1\" \
                      --bounding-set=-all --no-new-privs /usr/sbin/sshd \"${@:2}\"";
        command.args(["--mount", "bash", "-c", script, "bash"]).arg(dir.join("accounts")).arg(self.uid.to_string());
        command
    }
}

impl Drop for Login {
    fn drop(&mut self) {
        fs::remove_dir_all(self.place_without_home()).unwrap_or(());
    }
}
