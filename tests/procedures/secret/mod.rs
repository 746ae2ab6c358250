//! `rotate-secret` on a real Redis and a real PostgreSQL, with consumers that really log in.

mod consumer;
mod rotation;
mod stage;
mod traces;

pub(crate) use stage::exercised;
