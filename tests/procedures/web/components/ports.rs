//! Free ports.

use std::net::TcpListener;

/// A port of loopback that nobody listens on. It is free for as long as nobody else asks for it by name.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").port()
}
