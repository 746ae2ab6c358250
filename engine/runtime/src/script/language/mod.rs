//! The language that runbooks are written in: its words, their options, and what is left of Rhai.

mod bytes;
pub(super) mod definitions;
mod json;
pub(super) mod option_type;
pub(super) mod sandbox;
pub(super) mod schema;
pub(super) mod shared_functions;
pub(super) mod vocabulary;
