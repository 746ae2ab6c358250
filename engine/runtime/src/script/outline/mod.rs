//! What can be said of a runbook's steps without running anything: the tree that `runbook show NAME --format …` draws.
//!
//! It is read off the text, so it shows both sides of a decision and a loop once. What a value will be is not known: it
//! stands there as the author wrote it.

mod branches;
mod draw;
mod item;
mod spelling;
mod step;

#[cfg(test)]
mod tests;

pub use item::{Arm, Detail, Item, Outline, StepOutline};
