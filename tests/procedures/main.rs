//! The runbooks that come with the project, each on the real programs that it drives: live, rehearsed, failing, killed and resumed,
//! rolled back.

// Each program of tests uses its part of what they share.
#[allow(dead_code, unused_imports, reason = "shared with the other programs of tests")]
#[path = "../support/mod.rs"]
mod support;

mod backup_postgres;
mod cache;
mod changing_data;
mod components;
mod exercises;
mod failover_postgres;
mod onboarding;
mod postgres_add_index;
mod procedure;
mod secret;
mod web;
