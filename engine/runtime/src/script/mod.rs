//! The study: where runbooks written in Rhai are read, checked and performed.
//!
//! [`Program::load`] reads a runbook with its modules and finds what is wrong before anything runs; [`Program::describe`]
//! says what it is; [`Program::cast`] hires an [`Actor`], a thread that performs it. The script knows nothing of the
//! world but [`crate::line::Line`]: every step is a question, and every answer comes from the journal. Between two
//! steps a script is a function of these answers, so performing it again from the top is how a run resumes.
//!
//! Rhai is pinned; `tests/rhai_pin.rs` holds what the room relies on.

mod actor;
mod coverage;
mod diagnosis;
mod engine;
mod functions;
mod language;
mod lint;
mod loading;
mod outline;
mod performing;
mod program;
mod readiness;
mod reading;
mod source;
pub mod testing;
mod values;

#[cfg(test)]
mod tests;

pub use actor::{Actor, Ending, ScriptFailure};
pub use coverage::{Coverage, Missed};
pub use diagnosis::code::Code;
pub use diagnosis::diagnostic::{Diagnostic, Diagnostics, Label, Severity, Span};
pub use language::definitions::definitions;
pub use language::option_type::OptionType;
pub use language::schema::{OptionSchema, Table, schema, test_schema};
pub use outline::{Arm, Detail, Item, Outline, StepOutline};
pub use performing::depth::{at_depth, at_depth_beside};
pub use performing::trace::Trace;
pub use program::Program;
pub use readiness::make_ready;
pub use source::{LARGEST, Pinned, Repository, SourceFiles, Unreadable};
