//! What the runbooks meet: real servers on loopback, which end with the test.

mod edge;
mod load;
mod metrics;
mod ports;
mod service;

pub(super) use edge::Edge;
pub(super) use load::Load;
pub(super) use metrics::{Alertmanager, Prometheus};
pub(super) use ports::{free_port, until};
pub(super) use service::Service;
