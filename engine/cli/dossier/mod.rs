//! A run as it is told afterwards, in full: for the incident review, for `runbook show RUN STEP`, for programs.
//!
//! [`Dossier`] is what there is to tell: the account of the run and what was seen around it. [`piece`] puts what happened
//! into words, once; [`markdown`], [`html`] and [`json`] lay it out. Texts stay as they came until the very last moment,
//! and each layout has one place that makes them safe.

mod clock;
mod exceptions;
pub mod facts;
pub mod html;
pub mod json;
pub mod markdown;
pub mod piece;
mod quoted;
mod seal;
#[cfg(test)]
mod tests;
mod verdict;
mod whole;

pub use clock::clock;
pub use seal::Seal;
pub use verdict::{Mood, Verdict};
pub use whole::{Dossier, Trouble};
