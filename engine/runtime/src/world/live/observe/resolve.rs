//! `dns::resolve`.

use std::net::ToSocketAddrs;
use std::time::Duration;

use runbook_model::observation::{NotSeen, Seen};

use super::not_seen;
use crate::world::live::blocking::off_thread_within;
use crate::world::live::io_words::plain;

const TIMEOUT: Duration = Duration::from_secs(10);

/// The addresses of a name as this machine resolves it (hosts file included), sorted: resolvers shuffle them.
pub(super) async fn look(name: &str) -> Result<Seen, NotSeen> {
    let wanted = name.to_owned();
    let resolved = off_thread_within(TIMEOUT, move || (wanted.as_str(), 0).to_socket_addrs()).await;
    let resolved = resolved.ok_or_else(|| not_seen(name, format_args!("no resolver answered within {} s", TIMEOUT.as_secs())))?;
    let mut addresses: Vec<_> = resolved.map_err(|error| not_seen(name, plain(&error)))?.map(|address| address.ip()).collect();
    addresses.sort();
    addresses.dedup();
    Ok(Seen::Value(addresses.iter().map(ToString::to_string).collect::<Vec<_>>().into()))
}
