//! `runbook diff`: two runs side by side.

mod request;
mod texts;

pub use request::{Diff, run};
pub use texts::{Sources, text};
