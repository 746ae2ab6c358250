//! Free ports, and waiting by looking.

use std::net::TcpListener;
use std::time::{Duration, Instant};

/// A port of loopback that nobody listens on. It is free for as long as nobody else asks for it by name.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").port()
}

/// Waits for a state of the world: the state decides, time bounds a broken test only.
#[track_caller]
pub(crate) fn until(what: &str, mut there: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(120);
    while !there() {
        assert!(Instant::now() < end, "{what} did not happen");
        // A pause between two looks, so that what is waited for gets the processor.
        std::thread::park_timeout(Duration::from_millis(5));
    }
}
