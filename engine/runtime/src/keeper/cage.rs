//! A control group (cgroup v2) into which the victims of a stop are put, so that all of them die at once.
//!
//! Signals race with `fork`: whoever is born between our look and our signal gets away, and a program that forks for ever
//! always wins. What is in a control group cannot: the kernel kills it whole, children of the moment included. It is made
//! only when something has to be killed, because a group for each command would cost more than most commands do.

use std::fs;
use std::path::{Path, PathBuf};

/// An empty control group below our own, gone when it is dropped.
pub(super) struct Cage {
    dir: PathBuf,
}

impl Cage {
    /// Makes one; `None` where this user may not, where the kernel cannot, or where there is no cgroup v2 at all.
    pub(super) fn make(name: &str) -> Option<Self> {
        let own = own(&fs::read_to_string("/proc/self/mountinfo").ok()?, &fs::read_to_string("/proc/self/cgroup").ok()?)?;
        let dir = own.join(format!("runbook-{}-{name}", std::process::id()));
        fs::create_dir(&dir).ok()?;
        let cage = Self { dir };
        // Since Linux 5.14.
        cage.dir.join("cgroup.kill").exists().then_some(cage)
    }

    /// Puts a process into it; its children are born in it from now on. False when it is gone or not ours to move.
    pub(super) fn take(&self, pid: u32) -> bool {
        fs::write(self.dir.join("cgroup.procs"), pid.to_string()).is_ok()
    }

    /// Kills everybody in it.
    pub(super) fn kill(&self) {
        fs::write(self.dir.join("cgroup.kill"), "1").unwrap_or(()); // whoever is left is found by the next look
    }
}

/// Whether whoever is stopped can be put into a control group here. Makes one, and removes it.
#[must_use]
pub fn can_cage() -> bool {
    Cage::make("trial").is_some()
}

impl Drop for Cage {
    /// A group whose last process is only just dying stays behind, empty and without a cost, until the machine restarts.
    fn drop(&mut self) {
        fs::remove_dir(&self.dir).unwrap_or(());
    }
}

/// The directory of our own control group, by where the one hierarchy of cgroup v2 is mounted and where we are in it.
fn own(mountinfo: &str, cgroup: &str) -> Option<PathBuf> {
    // `36 25 0:31 / /sys/fs/cgroup rw,relatime shared:9 - cgroup2 cgroup2 rw`: root and mount point are fields 4 and 5.
    let mount = mountinfo.lines().find_map(|line| {
        let (before, after) = line.split_once(" - ")?;
        let mut fields = before.split(' ').skip(3);
        after.starts_with("cgroup2 ").then(|| Some((fields.next()?, fields.next()?)))?
    });
    let (root, point) = mount?;
    let path = cgroup.lines().find_map(|line| line.strip_prefix("0::"))?;
    let below = Path::new(path).strip_prefix(root).ok()?;
    Some(Path::new(point).join(below))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_group_is_found_in_whatever_is_mounted() {
        let mounts = "30 24 0:26 / /sys/fs/cgroup/unified rw,nosuid - cgroup2 cgroup2 rw\n";
        assert_eq!(own(mounts, "1:cpu:/x\n0::/user.slice/a\n"), Some("/sys/fs/cgroup/unified/user.slice/a".into()));
        // A container whose group is the root of what it sees mounted.
        let mounts = "25 1 8:1 / / rw - ext4 /dev/sda rw\n30 24 0:26 /pod/7 /sys/fs/cgroup ro - cgroup2 cgroup rw\n";
        assert_eq!(own(mounts, "0::/pod/7\n"), Some("/sys/fs/cgroup".into()));
        assert_eq!(own(mounts, "0::/elsewhere\n"), None);
        assert_eq!(own("25 1 8:1 / / rw - ext4 /dev/sda rw\n", "0::/\n"), None);
    }

    #[test]
    fn everybody_in_it_dies_and_it_is_gone_then() {
        let Some(cage) = Cage::make("test") else { return }; // not ours to make on this machine
        let mut child = std::process::Command::new("/bin/sleep").arg("600").spawn().expect("a process");
        assert!(cage.take(child.id()));
        cage.kill();
        let status = child.wait().expect("ours");
        assert!(!status.success());
        assert!(!cage.take(child.id()), "it is gone");
        let dir = cage.dir.clone();
        drop(cage);
        assert!(!dir.exists());
    }
}
