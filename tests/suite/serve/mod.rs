//! `runbook serve`, as browsers, programs, alerting systems and attackers meet it: real connections on loopback.

mod alerts;
mod answers;
mod client;
mod driver;
mod links;
mod live;
mod outside;
mod programs;
mod replying;
mod story;
mod telling;
mod visitors;
