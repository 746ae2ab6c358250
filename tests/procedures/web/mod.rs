//! Traffic, metrics, certificates, flags, incidents and launches.

pub(crate) mod components;
mod struck;

mod blue_green_switch;
mod canary_release;
mod certificate_renewal;
mod deploy_service;
mod flag_kill_switch;
mod go_live;
mod health_sweep;
mod incident_response;
mod stdlib;
