//! What `runbook check` finds, and how it is told: to people, to editors, to a code host.

mod format;
mod github;
mod json;
mod links;
mod report;
mod sarif;
mod seen_from;
mod served;
mod watch;

#[cfg(test)]
mod tests;

pub use format::Format;
pub use report::{Findings, Report};
pub use watch::{Unwatchable, Watch};
