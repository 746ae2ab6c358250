//! A small real deployment to try a runbook on: two releases, a link, a service, a control script.
//!
//! Nothing in here is played. [`prepare`] writes ordinary files, [`Deployment::start`] runs an ordinary control script,
//! and the service that it starts is a process of its own that listens on loopback. The second release is broken, and
//! the link points at it: that is the night on which `rollback-api` is needed.

mod deployment;
mod failure;
mod layout;
mod metrics;
mod release;
mod request;
mod service;
#[cfg(test)]
mod tests;

pub use deployment::{Deployment, prepare};
pub use failure::DemoFailure;
pub use layout::{BAD_RELEASE, GOOD_RELEASE};
pub use release::Release;
pub use service::serve;
