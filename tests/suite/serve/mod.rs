//! `runbook serve`, as browsers, programs, alerting systems and attackers meet it: real connections on loopback.

mod alerts;
mod answers;
mod client;
mod crowd;
mod driver;
mod group;
pub(crate) mod hearing;
mod keyboard;
mod links;
mod live;
mod outside;
mod programs;
mod proxy;
mod rehearsing;
mod replying;
mod rules;
mod secret_params;
mod sessions;
mod story;
mod telling;
mod tls;
mod together;
mod visitors;
mod whole_output;
