//! Work that blocks, kept off the dispatcher's only thread: a hung NFS server must not keep Ctrl-C from being heard.

use std::time::Duration;

/// Runs `work` on a thread of its own and waits for it.
///
/// # Panics
/// When `work` panics: the panic goes on here.
pub(super) async fn off_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(value) => value,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The runtime is shutting down: nobody will poll this future again.
            Err(_) => std::future::pending().await,
        },
    }
}

/// The same, but gives up waiting after `limit`. The thread is left to itself, since nothing can stop a system call
/// that hangs; so `work` must be something that only looks.
pub(super) async fn off_thread_within<T: Send + 'static>(
    limit: Duration,
    work: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    tokio::time::timeout(limit, off_thread(work)).await.ok()
}
