//! Tests of runbooks, written in Rhai beside them.
//!
//! A test says what the world answers ([`Given`]), lets the runbook be performed, and says what it expects of the [`Ran`].
//! Performing is not the business of this room: whoever calls [`TestFile::perform`] brings a [`Stagehand`] that does it.

mod assertions;
mod file;
mod given;
mod ran;
mod reading;
mod words;

#[cfg(test)]
mod tests;

pub use file::{Background, Stagehand, TestFile, Tested};
pub use given::{Answered, Given, Word};
pub use ran::{Asked, Ran, RanStep, RolledBack};
#[cfg(test)]
pub(super) use words::WORDS;
