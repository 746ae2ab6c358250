//! What the runbooks meet: real servers on loopback, which end with the test.

mod edge;
mod load;
mod metrics;
mod ports;
mod service;
mod unleash;

pub(crate) use edge::Edge;
pub(crate) use load::Load;
pub(crate) use metrics::{Alertmanager, Prometheus};
pub(crate) use ports::free_port;
pub(crate) use service::{Asked, Service};
pub(crate) use unleash::{Flag, TOKEN, unleash};
