//! The memory of this process is nobody else's to read.

use rustix::process::{DumpableBehavior, set_dumpable_behavior};

/// Lets the kernel write no core file of this process, and lets no other process of the same user read its memory, its
/// environment or its descriptors (`ptrace`, `/proc`); root still can.
///
/// Not `RLIMIT_CORE`: commands would inherit that, and a service that a runbook starts has a right to its core files. Whether a
/// process can be dumped is settled anew at each `execve`.
pub fn keep_memory() {
    // It fails on kernels before 2.4 only.
    set_dumpable_behavior(DumpableBehavior::NotDumpable).ok();
}

#[cfg(test)]
mod tests {
    use rustix::process::dumpable_behavior;

    use super::*;

    #[test]
    fn no_core_file_is_written_of_this_process() {
        keep_memory();
        assert_eq!(dumpable_behavior().expect("Linux"), DumpableBehavior::NotDumpable);
    }
}
