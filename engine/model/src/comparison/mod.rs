//! Two runs side by side, as a value.
//!
//! Steps are matched by their paths, as on resume, and questions whose text differs by their place. What differs between any two runs, even of the same thing (ids, times,
//! who and where), is kept apart from what was asked for and what came of it: two runs are the same when the latter is.

mod compare;
mod difference;
mod matching;
mod pair;
mod text;

pub use compare::Comparison;
pub use difference::Difference;
pub use pair::{PhasePair, Side, SourcePair, StepPair, Unlike};
