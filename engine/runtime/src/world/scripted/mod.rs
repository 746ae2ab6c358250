//! A world that plays what a test wrote down.
//!
//! Changes happen in a [`Ledger`] and in files of its own, looks and people answer from the script, time is a number
//! that `wait` moves, and the engine can be "killed" at any call and started again in front of the same ledger:
//!
//! ```
//! use runbook_runtime::world::scripted::{Act, Crash, ScriptedWorld, Sight};
//!
//! let world = ScriptedWorld::new()
//!     .command("restart *", Act::exits(1))
//!     .command("restart *", Act::prints("restarted\n")) // the second attempt, and every later one
//!     .sees("http::get http://127.0.0.1:8080/health", Sight::status(200))
//!     .says_yes("Go on?")
//!     .crash_at(7, Crash::AfterEffect);
//! let after_the_crash = world.restarted();
//! assert!(after_the_crash.ledger().effects().is_empty());
//! ```

mod act;
mod build;
mod crash;
mod ledger;
mod pattern;
mod plays;
mod sight;
mod stage;
mod what;
mod world;

pub use act::Act;
pub use crash::{Crash, Recovery};
pub use ledger::{Effect, Ledger};
pub use sight::Sight;
pub use stage::Unanswered;
pub use what::what;
pub use world::ScriptedWorld;

#[cfg(test)]
mod tests;
