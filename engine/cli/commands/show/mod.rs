//! `runbook show`: one runbook, one run told again by the same reporter that told it live, or one step of it.

mod detail;
mod follow;
mod page;
mod request;
mod runbook;
mod standing;
mod step;

pub use page::page;
pub use request::{As, Show, run};
