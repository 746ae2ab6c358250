//! Talking to HTTP servers.

mod call;
mod client;

pub(super) use call::{perform, prepare};
pub(super) use client::{Asked, ask, authorities, words};

#[cfg(test)]
pub(super) mod server;
