//! Real servers on loopback, in directories of their own, stopped when the test ends.

pub(crate) mod postgres;
pub(crate) mod redis;
