//! The runbooks that we ship, on the real programs that they drive: run, rehearsed, failed, killed, resumed and rolled back.

#[path = "../support/mod.rs"]
#[allow(dead_code, reason = "shared with the other tests, each of which needs a part of it")]
mod support;

mod web;
