//! Waiting for a state of the world, and ending a process for good.

use std::process::Child;
use std::time::{Duration, Instant};

/// Waits for a state of the world; the state decides, not the clock: time only bounds a broken test.
#[track_caller]
pub(crate) fn until(what: &str, mut there: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(120);
    while !there() {
        assert!(Instant::now() < end, "{what} did not happen");
        // A pause between two looks, so that what is waited for gets the processor.
        std::thread::park_timeout(Duration::from_millis(1));
    }
}

/// kill -9.
pub(crate) fn kill(mut child: Child) {
    child.kill().expect("kill -9");
    child.wait().expect("it is gone");
}
