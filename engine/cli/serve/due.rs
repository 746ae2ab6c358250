//! A body that comes in time, or not at all: whoever sends a byte now and then would otherwise keep what came before it in memory,
//! and their connection, for as long as they like.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::{BoxError, Error};
use hyper::body::{Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep_until};

/// A body that has to be there by a moment.
pub(super) struct Due {
    inner: Body,
    until: Instant,
    /// Once somebody waits for it.
    over: Option<Pin<Box<Sleep>>>,
}

impl Due {
    /// The same body, within this time from now.
    pub(super) fn within(patience: Duration, inner: Body) -> Body {
        Body::new(Self { inner, until: Instant::now() + patience, over: None })
    }
}

impl hyper::body::Body for Due {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let until = self.until;
        let over = self.over.get_or_insert_with(|| Box::pin(sleep_until(until)));
        // Asked first: there is always a next byte of somebody who sends them one by one.
        if over.as_mut().poll(context).is_ready() {
            return Poll::Ready(Some(Err(Error::new(BoxError::from("it did not come in time")))));
        }
        Pin::new(&mut self.inner).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::convert::Infallible;

    /// Sends so many bytes, and then nothing more, without an end.
    struct Slow(u8);

    impl hyper::body::Body for Slow {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            self.0 = match self.0.checked_sub(1) {
                Some(left) => left,
                None => return Poll::Pending,
            };
            Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b"x")))))
        }
    }

    #[test]
    fn a_body_that_has_no_end_is_not_waited_for() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let read = |patience, body| axum::body::to_bytes(Due::within(patience, body), 100);
            assert!(read(Duration::from_millis(20), Body::new(Slow(3))).await.is_err());
            assert_eq!(read(Duration::from_secs(60), Body::from("all of it")).await.unwrap(), "all of it");
        });
    }
}
