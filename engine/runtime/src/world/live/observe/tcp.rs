//! `tcp::open`: whether somebody listens.

use std::net::ToSocketAddrs;
use std::time::Duration;

use runbook_model::length::Length;
use runbook_model::observation::{NotSeen, Seen};
use tokio::net::TcpStream;

use super::not_seen;
use crate::world::live::blocking::off_thread_within;
use crate::world::live::io_words::plain;

const TIMEOUT: Duration = Duration::from_secs(5);

/// True when one of the addresses accepts a connection in time. Refused, unreachable and silent are "no"; a name that
/// cannot be resolved is no answer.
pub(super) async fn look(address: &str, timeout: Option<Length>) -> Result<Seen, NotSeen> {
    let limit = timeout.map_or(TIMEOUT, Duration::from);
    let deadline = tokio::time::Instant::now() + limit;
    let named = address.to_owned();
    let resolved = off_thread_within(limit, move || named.to_socket_addrs()).await;
    let resolved = match resolved {
        None => return Err(not_seen(address, "its name was not resolved in time")),
        Some(Err(error)) if error.kind() == std::io::ErrorKind::InvalidInput => {
            return Err(not_seen(address, "an address is written `host:port`"));
        }
        Some(resolved) => resolved.map_err(|error| not_seen(address, plain(&error)))?,
    };
    for candidate in resolved {
        match tokio::time::timeout_at(deadline, TcpStream::connect(candidate)).await {
            Ok(Ok(_)) => return Ok(Seen::Value(true.into())),
            Ok(Err(_)) => {}
            Err(_) => break,
        }
    }
    Ok(Seen::Value(false.into()))
}
