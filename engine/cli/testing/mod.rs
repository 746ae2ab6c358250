//! Tests of runbooks: `NAME.test.rhai` beside the runbook, the sweeps, and how their results are told.

mod circumstances;
mod junit;
mod recording;
mod stagehand;
mod suggestion;
mod sweeps;
mod told;

#[cfg(test)]
mod tests;

pub use circumstances::Circumstances;
pub use junit::Suite;
pub use recording::recorded;
pub use stagehand::stagehand;
pub use suggestion::suggestion;
pub use sweeps::{Row, SWEEPS, Sweep, drawn, json_line, shown};
pub use told::{counted, covered, performed, undisturbed};
