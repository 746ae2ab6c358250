//! The only place that writes to standard output and standard error.
//!
//! Whatever comes from a runbook, a command or a server passes through [`safe`] first.

pub mod difference;
pub mod elapsed;
mod format;
mod print;
pub mod reporters;
pub mod safe;
pub mod screen;
pub mod style;
pub mod table;
pub mod veiled;
pub mod verdict;
pub mod watched;
pub mod wrap;

pub use format::Format;
pub use print::{to_stderr, to_stdout, written};
