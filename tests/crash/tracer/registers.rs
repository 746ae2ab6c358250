//! A system call, as the registers of an x86-64 processor hold it.

use nix::errno::Errno;
use nix::libc::user_regs_struct;
use nix::sys::ptrace;
use nix::unistd::Pid;

/// A call that a thread is about to make.
pub(super) struct Entered(user_regs_struct);

impl Entered {
    /// `None` when the thread comes out of a call instead: on the way in, the kernel has put `ENOSYS` for the result.
    pub(super) fn read(pid: Pid) -> Option<Self> {
        let registers = ptrace::getregs(pid).ok()?;
        (registers.rax.cast_signed() == -i64::from(Errno::ENOSYS as i32)).then_some(Self(registers))
    }

    pub(super) fn number(&self) -> i64 {
        self.0.orig_rax.cast_signed()
    }

    /// The first argument: the file of a write.
    pub(super) fn first(&self) -> u64 {
        self.0.rdi
    }

    /// The third argument: the length of a write, the flags of an `openat`.
    pub(super) fn third(&self) -> u64 {
        self.0.rdx
    }

    /// The call is made with half of its length, and at least one byte: the kernel takes nothing only from who gives nothing.
    pub(super) fn halve(&self, pid: Pid) {
        let rdx = self.0.rdx.div_ceil(2);
        ptrace::setregs(pid, user_regs_struct { rdx, ..self.0 }).expect("it stands before a call");
    }

    /// The call is not made: there is none of that number.
    pub(super) fn forget(&self, pid: Pid) {
        ptrace::setregs(pid, user_regs_struct { orig_rax: u64::MAX, ..self.0 }).expect("it stands before a call");
    }
}

/// What a call gives, instead of what it gave.
pub(super) fn set_result(pid: Pid, result: i64) {
    let there = ptrace::getregs(pid).expect("it stands behind a call");
    ptrace::setregs(pid, user_regs_struct { rax: result.cast_unsigned(), ..there }).expect("it stands behind a call");
}
