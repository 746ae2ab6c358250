//! Makes libgit2 flush what it writes.
//!
//! `core.fsyncObjectFiles` would cover loose objects and references only: a reference would get durable before the pack
//! that holds its commit. The switch below covers packs, their indexes, references and the folders of all of them.

use std::sync::Once;

/// Turns flushing on for this process, once.
pub(crate) fn flush_everything() {
    static ONCE: Once = Once::new();
    ONCE.call_once(switch_on);
}

#[expect(unsafe_code, reason = "git2 has no call for this option")]
fn switch_on() {
    // libgit2 is initialised by the first call of git2; its options live as long as the process.
    let _version = git2::Version::get();
    // SAFETY: `GIT_OPT_ENABLE_FSYNC_GITDIR` reads exactly one `int` from the variable arguments and stores it in a global
    // of libgit2. Every writer of this crate passes through `Once` first, so nothing reads that global meanwhile.
    let code = unsafe { libgit2_sys::git_libgit2_opts(libgit2_sys::GIT_OPT_ENABLE_FSYNC_GITDIR as std::ffi::c_int, 1_i32) };
    debug_assert_eq!(code, 0, "libgit2 knows this option since 0.26");
}
