//! What is mounted on this machine, as the kernel lists it: a list that is there at once, whatever hangs.

use std::fs::File;
use std::io::Read as _;

/// File systems whose data is on this machine or in its memory, and those that the kernel makes up. Not among them: whatever asks
/// somebody else (`nfs`, `cifs`, `fuse`), and `autofs`, where a look makes somebody mount something.
const NEAR: [&str; 33] = [
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
    "ext2",
    "ext3",
    "ext4",
    "f2fs",
    "fusectl",
    "hugetlbfs",
    "iso9660",
    "mqueue",
    "nsfs",
    "overlay",
    "proc",
    "pstore",
    "ramfs",
    "securityfs",
    "selinuxfs",
    "squashfs",
    "sysfs",
    "tmpfs",
    "tracefs",
    "xfs",
    "zfs",
];

/// A machine with more mounts than fit here (some hundred) is not looked through: that would take longer than it saves.
const MOST: usize = 64 * 1024;

/// Whether everything that is mounted for this process is near. Does not block.
pub(super) fn are_near() -> bool {
    // Room for the list of a usual machine: the kernel makes a list anew for each piece that is asked for.
    let mut list = String::with_capacity(8 * 1024);
    let read = File::open("/proc/self/mountinfo").and_then(|file| file.take(MOST as u64).read_to_string(&mut list));
    read.is_ok_and(|length| length > 0 && length < MOST) && list.lines().all(is_near)
}

/// Whether what a line of `mountinfo` speaks of is near (proc_pid_mountinfo(5)): behind six fields and some optional ones
/// stands a hyphen, and behind that the type.
fn is_near(line: &str) -> bool {
    let Some((mount, kind)) = line.split_once(" - ") else { return false };
    let (Some(place), Some(kind)) = (mount.split(' ').nth(4), kind.split(' ').next()) else { return false };
    // systemd has `binfmt_misc` mounted on demand there. No program lies in what the kernel makes up.
    place.starts_with("/proc/") || NEAR.contains(&kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_is_near_and_what_asks_somebody_else_is_not() {
        let line = |place: &str, kind: &str| format!("43 27 254:0 / {place} rw,relatime shared:1 - {kind} /dev/vda rw");
        for kind in NEAR {
            assert!(is_near(&line("/", kind)), "{kind}");
        }
        for kind in ["nfs", "nfs4", "cifs", "fuse.sshfs", "9p", "ceph", "autofs", "virtiofs", "ext", ""] {
            assert!(!is_near(&line("/home", kind)), "{kind}");
        }
        assert!(is_near(&line("/proc/sys/fs/binfmt_misc", "autofs")));
        assert!(!is_near(&line("/processed", "nfs")));
    }

    #[test]
    fn optional_fields_may_be_none_or_many_and_a_blank_in_a_name_is_written_otherwise() {
        assert!(is_near("22 27 0:21 / /proc rw,relatime - proc proc rw"));
        assert!(is_near("22 27 0:21 / /a\\040-\\040b rw shared:1 master:2 propagate_from:3 - tmpfs x rw"));
        assert!(!is_near("22 27 0:21 / /a\\040-\\040b rw shared:1 - nfs server:/tmpfs rw"));
        assert!(!is_near("") && !is_near(" - ext4") && !is_near("22 27 0:21 / /proc rw,relatime"));
    }
}
