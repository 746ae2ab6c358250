//! The proving ground: a runbook in a scripted world, with every step failed, repeated, and the engine killed at every
//! boundary in turn.
//!
//! Everything but the world is the real thing: the script thread, the dispatcher, a journal on disk. A [`Subject`] says
//! what is performed, [`Baseline::of`] performs it undisturbed, and [`fail_each_step`], [`repeat_each_step`] and
//! [`crash_matrix`] disturb it. What is right is said by `oracle`, from what really happened in the world and from what
//! the author declared; it knows nothing of how the engine decides.

mod baseline;
mod crashing;
mod death;
mod failing;
mod given;
mod oracle;
mod order;
mod repeating;
mod scratch;
mod subject;
mod swept;
mod tested;
mod trial;

#[cfg(test)]
mod tests;

pub use baseline::{Baseline, Unsweepable};
pub use crashing::crash_matrix;
pub use death::Death;
pub use failing::fail_each_step;
pub use given::scripted;
pub use repeating::repeat_each_step;
pub use subject::Subject;
pub use swept::{Swept, Violation};
pub use tested::{Shown, Untested, tested};
