//! What is mounted on this machine, as the kernel lists it: a list that is there at once, whatever hangs.

use std::fs::File;
use std::io::Read as _;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// File systems of disks and of memory, and those that the kernel makes up: a look at them usually does not wait for a network.
/// Not among them: whatever asks somebody else (`nfs`, `cifs`, `fuse`), and `autofs`, where a look makes somebody mount something.
const NEAR: [&str; 41] = [
    "bcachefs",
    "binfmt_misc",
    "bpf",
    "btrfs",
    "cgroup",
    "cgroup2",
    "configfs",
    "debugfs",
    "devpts",
    "devtmpfs",
    "efivarfs",
    "erofs",
    "exfat",
    "ext2",
    "ext3",
    "ext4",
    "f2fs",
    "fusectl",
    "hugetlbfs",
    "iso9660",
    "jfs",
    "mqueue",
    "msdos",
    "nsfs",
    "ntfs3",
    "overlay",
    "proc",
    "pstore",
    "ramfs",
    "rootfs",
    "rpc_pipefs",
    "securityfs",
    "selinuxfs",
    "squashfs",
    "sysfs",
    "tmpfs",
    "tracefs",
    "udf",
    "vfat",
    "xfs",
    "zfs",
];

/// A machine with more mounts than fit here (some hundred) is not looked through: that would take longer than it saves.
const MOST: usize = 64 * 1024;

/// What was mounted when the list was last read.
#[derive(Debug)]
pub(super) struct Mounts {
    /// The list, open: it rings when something is mounted or taken away (proc_pid_mounts(5)).
    list: File,
    are_near: bool,
}

impl Mounts {
    /// Reads the list; `None` when there is none. Does not block.
    pub(super) fn read() -> Option<Self> {
        // What is mounted between these two rings.
        let mut list = File::open("/proc/self/mountinfo").ok()?;
        // Room for the list of a usual machine: the kernel makes it anew for each piece that is asked for.
        let mut text = String::with_capacity(8 * 1024);
        let length = (&mut list).take(MOST as u64).read_to_string(&mut text).ok()?;
        Some(Self { list, are_near: length < MOST && are_near(&text) })
    }

    /// Whether all of them are near.
    pub(super) fn are_near(&self) -> bool {
        self.are_near
    }

    /// Whether something was mounted or taken away since.
    pub(super) fn have_changed(&self) -> bool {
        let mut rings = [PollFd::new(&self.list, PollFlags::PRI)];
        poll(&mut rings, Some(&Timespec { tv_sec: 0, tv_nsec: 0 })) != Ok(0)
    }
}

/// Whether a list speaks of the root, which it does not where a process is confined to a directory, and of nothing that is not near.
fn are_near(list: &str) -> bool {
    list.lines().all(|line| mount(line).is_some_and(is_near)) && list.lines().filter_map(mount).any(|(place, _)| place == "/")
}

/// Where something is mounted, and the type of it (proc_pid_mountinfo(5)): behind six fields and some optional ones stands a hyphen,
/// and behind that the type.
fn mount(line: &str) -> Option<(&str, &str)> {
    let (mount, kind) = line.split_once(" - ")?;
    Some((mount.split(' ').nth(4)?, kind.split(' ').next()?))
}

fn is_near((place, kind): (&str, &str)) -> bool {
    // systemd has `binfmt_misc` mounted there on demand. No program lies in it.
    NEAR.contains(&kind) || (kind == "autofs" && place == "/proc/sys/fs/binfmt_misc")
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOT: &str = "27 1 254:0 / / rw,relatime - ext4 /dev/vda rw";

    fn with(place: &str, kind: &str) -> bool {
        are_near(&format!("{ROOT}\n43 27 254:0 / {place} rw,relatime shared:1 - {kind} /dev/vda rw\n"))
    }

    #[test]
    fn a_disk_is_near_and_what_asks_somebody_else_is_not() {
        for kind in NEAR {
            assert!(with("/home", kind), "{kind}");
        }
        for kind in ["nfs", "nfs4", "cifs", "fuse.sshfs", "9p", "ceph", "autofs", "virtiofs", "ext", ""] {
            assert!(!with("/home", kind), "{kind}");
        }
        assert!(with("/proc/sys/fs/binfmt_misc", "autofs"));
        assert!(!with("/proc/cpuinfo", "fuse.lxcfs") && !with("/processed", "nfs"));
    }

    #[test]
    fn a_list_without_the_root_says_nothing_of_it() {
        assert!(are_near(ROOT));
        assert!(!are_near(""));
        assert!(!are_near("22 27 0:21 / /proc rw,relatime - proc proc rw"), "a directory on who knows what, and /proc in it");
    }

    #[test]
    fn optional_fields_may_be_none_or_many_and_a_blank_in_a_name_is_written_otherwise() {
        assert_eq!(mount("22 27 0:21 / /proc rw,relatime - proc proc rw"), Some(("/proc", "proc")));
        let blank = "22 27 0:21 / /a\\040-\\040b rw shared:1 master:2 propagate_from:3 - nfs server:/tmpfs rw";
        assert_eq!(mount(blank), Some(("/a\\040-\\040b", "nfs")));
        assert_eq!((mount(""), mount("22 27 0:21 / /proc rw,relatime")), (None, None));
    }

    #[test]
    fn nothing_rings_while_nothing_is_mounted() {
        // Something may be mounted on this machine just now, but not each time.
        let mounts = (0..20).filter_map(|_| Mounts::read()).find(|mounts| !mounts.have_changed()).expect("a quiet moment");
        assert_eq!(mounts.are_near(), are_near(&std::fs::read_to_string("/proc/self/mountinfo").expect("the list")));
    }
}
