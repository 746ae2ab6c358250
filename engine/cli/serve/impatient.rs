//! A connection whose other end has to read: what it does not take within a while, it does not get. A reader that has stopped
//! reading would otherwise keep its place, and what waits for it, for as long as it likes. Whoever looked at a run comes back
//! with the number of the last event, and has lost nothing.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep};

/// A connection that ends when nothing can be written to it for too long.
pub(super) struct Impatient<S> {
    inner: S,
    patience: Duration,
    /// Since when writing waits.
    waiting: Option<Pin<Box<Sleep>>>,
}

impl<S> Impatient<S> {
    pub(super) fn new(inner: S, patience: Duration) -> Self {
        Self { inner, patience, waiting: None }
    }

    /// What came of a write, or that it has waited for too long.
    fn judged<T>(&mut self, wrote: Poll<io::Result<T>>, context: &mut Context<'_>) -> Poll<io::Result<T>> {
        if wrote.is_ready() {
            self.waiting = None;
            return wrote;
        }
        let patience = self.patience;
        let waiting = self.waiting.get_or_insert_with(|| Box::pin(sleep(patience)));
        if waiting.as_mut().poll(context).is_ready() {
            waiting.as_mut().reset(Instant::now() + patience);
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the other end does not read")));
        }
        Poll::Pending
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Impatient<S> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Impatient<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let wrote = Pin::new(&mut self.inner).poll_write(context, bytes);
        self.judged(wrote, context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let wrote = Pin::new(&mut self.inner).poll_write_vectored(context, slices);
        self.judged(wrote, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.inner).poll_flush(context);
        self.judged(flushed, context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = Pin::new(&mut self.inner).poll_shutdown(context);
        self.judged(shut, context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};

    /// A pipe of four bytes stands for the buffers of the system.
    fn runtime() -> tokio::runtime::Runtime {
        tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap()
    }

    #[test]
    fn whoever_does_not_read_is_left() {
        runtime().block_on(async {
            let (ours, theirs) = duplex(4);
            let mut ours = Impatient::new(ours, Duration::from_millis(20));
            assert_eq!(ours.write_all(b"more than four").await.unwrap_err().kind(), io::ErrorKind::TimedOut);
            drop(theirs);
        });
    }

    #[test]
    fn whoever_reads_slowly_gets_everything() {
        runtime().block_on(async {
            let (ours, mut theirs) = duplex(4);
            let mut ours = Impatient::new(ours, Duration::from_secs(60));
            let reading = tokio::spawn(async move {
                let mut all = Vec::new();
                while all.len() < 14 {
                    all.push(theirs.read_u8().await.unwrap());
                    tokio::task::yield_now().await;
                }
                all
            });
            ours.write_all(b"more than four").await.unwrap();
            assert!(ours.waiting.is_none());
            assert_eq!(reading.await.unwrap(), b"more than four");
        });
    }
}
