//! The limit on the size of files (`ulimit -f`).

use rustix::process::{Resource, Signal, getrlimit};
use tokio::signal::unix::{SignalKind, signal};

/// Lets a write beyond the limit fail, which is answered for like a full disk. Left alone, the kernel ends a process that tries, and
/// nobody would learn why.
///
/// Programs that are started have the limit, and the signal, as the operator has set them.
pub fn fails_writes() {
    if getrlimit(Resource::Fsize).current.is_none() {
        return;
    }
    // A handler is as good as ignoring, and is not inherited. It stays when what has set it is gone.
    let listening = tokio::runtime::Builder::new_current_thread().enable_io().build().and_then(|runtime| {
        let _within = runtime.enter();
        signal(SignalKind::from_raw(Signal::XFSZ.as_raw())).map(drop)
    });
    if let Err(error) = listening {
        tracing::warn!(%error, "a file that grows beyond its limit will end this process");
    }
}
