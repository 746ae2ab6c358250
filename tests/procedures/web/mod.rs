//! Traffic, metrics, certificates, flags, incidents and launches.

pub(crate) mod components;
mod struck;

pub(crate) mod blue_green_switch;
pub(crate) mod canary_release;
pub(crate) mod certificate_renewal;
pub(crate) mod deploy_service;
pub(crate) mod flag_kill_switch;
pub(crate) mod go_live;
pub(crate) mod health_sweep;
pub(crate) mod incident_response;
pub(crate) mod rollback_api;
mod stdlib;
