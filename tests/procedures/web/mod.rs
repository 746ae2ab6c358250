//! Traffic, metrics, certificates, flags, incidents and launches.

pub(crate) mod components;
mod struck;

mod blue_green_switch;
mod canary_release;
