//! `runbook runs`: what was run.

mod list;
mod request;
mod when;

pub use list::{json_lines, text};
pub use request::{Runs, run};
