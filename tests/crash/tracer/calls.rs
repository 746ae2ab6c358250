//! The system calls that change something that outlives the process which makes them.

use nix::libc;
use nix::unistd::Pid;

use super::registers::Entered;

const CALLS: &[(i64, &str)] = &[
    (libc::SYS_write, "write"),
    (libc::SYS_writev, "writev"),
    (libc::SYS_pwrite64, "pwrite64"),
    (libc::SYS_pwritev, "pwritev"),
    (libc::SYS_pwritev2, "pwritev2"),
    (libc::SYS_sendto, "sendto"),
    (libc::SYS_sendmsg, "sendmsg"),
    (libc::SYS_sendfile, "sendfile"),
    (libc::SYS_copy_file_range, "copy_file_range"),
    (libc::SYS_fsync, "fsync"),
    (libc::SYS_fdatasync, "fdatasync"),
    (libc::SYS_sync_file_range, "sync_file_range"),
    (libc::SYS_msync, "msync"),
    (libc::SYS_ftruncate, "ftruncate"),
    (libc::SYS_fallocate, "fallocate"),
    (libc::SYS_rename, "rename"),
    (libc::SYS_renameat, "renameat"),
    (libc::SYS_renameat2, "renameat2"),
    (libc::SYS_link, "link"),
    (libc::SYS_linkat, "linkat"),
    (libc::SYS_symlink, "symlink"),
    (libc::SYS_symlinkat, "symlinkat"),
    (libc::SYS_unlink, "unlink"),
    (libc::SYS_unlinkat, "unlinkat"),
    (libc::SYS_mkdir, "mkdir"),
    (libc::SYS_mkdirat, "mkdirat"),
    (libc::SYS_rmdir, "rmdir"),
    (libc::SYS_chmod, "chmod"),
    (libc::SYS_fchmod, "fchmod"),
    (libc::SYS_fchmodat, "fchmodat"),
    (libc::SYS_utimensat, "utimensat"),
    (libc::SYS_flock, "flock"),
    (libc::SYS_bind, "bind"),
    (libc::SYS_listen, "listen"),
    (libc::SYS_connect, "connect"),
    (libc::SYS_accept4, "accept4"),
    (libc::SYS_shutdown, "shutdown"),
    (libc::SYS_setsid, "setsid"),
    (libc::SYS_kill, "kill"),
    (libc::SYS_clone, "clone"),
    (libc::SYS_clone3, "clone3"),
    (libc::SYS_fork, "fork"),
    (libc::SYS_vfork, "vfork"),
    (libc::SYS_wait4, "wait4"),
    (libc::SYS_exit_group, "exit_group"),
];

/// The name of a call that counts.
pub(super) fn name(pid: Pid, entered: &Entered) -> Option<&'static str> {
    if entered.number() == libc::SYS_write && wakes_a_thread(pid, entered) {
        return None;
    }
    let creates = entered.third() & libc::O_CREAT.cast_unsigned() as u64 != 0;
    if entered.number() == libc::SYS_openat && creates {
        return Some("openat");
    }
    CALLS.iter().find(|(number, _)| *number == entered.number()).map(|(_, name)| *name)
}

/// A counter inside the process (`eventfd`): no disk, no other process, and nothing that could be full or short.
fn wakes_a_thread(pid: Pid, entered: &Entered) -> bool {
    let file = std::fs::read_link(format!("/proc/{pid}/fd/{}", entered.first()));
    file.is_ok_and(|file| file.to_string_lossy().starts_with("anon_inode:"))
}
