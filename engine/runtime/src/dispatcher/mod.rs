//! The front desk: everything that can happen to a run goes over it, in one loop.
//!
//! `session` is the façade that front ends use: start, resume, roll back, resolve, answer. `desk` holds what one
//! session shares; `ledger` makes sure that nothing is told before it is written; one file a kind of step says
//! how that kind is done.

mod abandoning;
mod answering;
mod branches;
mod budgets;
mod calls;
mod cast;
mod checks;
mod commands;
mod confirms;
mod desk;
mod halt;
mod interrupts;
mod ledger;
mod locking;
mod notary;
mod notes;
mod performing;
mod planning;
mod play;
mod recovery;
mod refused;
mod resolving;
mod reviewing;
mod rolling_back;
mod sealing;
mod session;
mod settling;
mod taking;
mod uncharted;

pub use answering::{questions, waiting};
pub use halt::Halt;
pub use interrupts::Interrupts;
pub use locking::NoLock;
pub use notary::Unsigned;
pub use refused::Refused;
pub use sealing::Sealing;
pub use session::{Finished, Opening, Session, would_roll_back};
