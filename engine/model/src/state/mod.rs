//! What a run is now: the fold of its records (invariant I3).
//!
//! [`RunState::apply`] is the only place where a transition is legal. Terminal, JSON, reports, resume and rollback all
//! read the same state; nobody else remembers.

mod folding;
mod kept;
mod owed;
mod parallel;
mod run_state;
mod step;
mod transition;
mod verdict;

pub use folding::Folding;
pub use owed::{Owed, Work};
pub use parallel::{Parallel, told};
pub use run_state::{Phase, RunState};
pub use step::{Answered, Step, StepPhase, repeats_freely};
pub use transition::Illegal;
