//! What stands in the files of a runbook, read without running anything.

pub(super) mod anatomy;
pub(super) mod attended;
pub(super) mod engine_functions;
pub(super) mod properties;
pub(super) mod survey;
