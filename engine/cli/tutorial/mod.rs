//! A walk through the program, which is a runbook itself, and the place that it plays in.

mod place;

pub use place::Place;
