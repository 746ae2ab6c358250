//! `std/kubernetes`.
//!
//! No Kubernetes can be had from the packages of a distribution, so the cluster is ours: an HTTP server that speaks the part of the API that
//! `kubectl` uses here, and makes of a changed template what the controller of deployments does. `kubectl` is the real one, and what we say
//! about a rollout is held against what it says.

mod api;
mod cluster;
mod deployments;
mod patch;

pub(crate) use api::Api;
