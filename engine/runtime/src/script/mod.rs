//! The study: where runbooks written in Rhai are read, checked and performed.
//!
//! [`Program::load`] reads a runbook with its modules and finds what is wrong before anything runs; [`Program::describe`]
//! says what it is; [`Program::cast`] hires an [`Actor`], a thread that performs it. The script knows nothing of the
//! world but [`crate::operation::Line`]: every step is a question, and every answer comes from the journal. Between two
//! steps a script is a function of these answers, so performing it again from the top is how a run resumes.
//!
//! Rhai is pinned; `tests/rhai_pin.rs` holds what the room relies on.

mod actor;
mod anatomy;
mod answers;
mod attended;
mod blame;
mod branches_failed;
mod closure;
mod code;
mod complaint;
mod coverage;
mod decision;
mod declaration;
mod definitions;
mod diagnostic;
mod frozen;
mod functions;
mod here;
mod json;
mod lint;
mod loading;
mod options;
mod outline;
mod program;
mod render;
mod sandbox;
mod schema;
mod secret;
mod settings;
mod shelf;
mod source;
mod span;
mod spots;
mod stage;
mod step_error;
mod survey;
pub mod testing;
mod trace;
mod unknown;
mod unlike;

#[cfg(test)]
mod tests;

pub use actor::{Actor, Ending, ScriptFailure};
pub use code::Code;
pub use coverage::{Coverage, Missed};
pub use definitions::definitions;
pub use diagnostic::{Diagnostic, Diagnostics, Label, Severity, Span};
pub use outline::{Arm, Detail, Item, Outline, StepOutline};
pub use program::{Program, at_depth};
pub use schema::{OptionSchema, OptionType, Table, schema, test_schema};
pub use source::{LARGEST, Pinned, Repository, SourceFiles, Unreadable};
pub use trace::Trace;
