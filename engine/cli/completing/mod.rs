//! What could be typed next on the command line, for shells.
//!
//! A shell hands over the words so far ([`words`]); they say which argument stands there ([`slot`]), and what that one takes
//! ([`wants`]) is looked up: runbooks, parameters, runs, steps. Looking takes no lock, writes nothing and is never heard of:
//! where something cannot be read there is nothing to offer.

mod answer;
mod names;
mod offer;
mod parameters;
mod runs;
mod scene;
mod shell;
mod slot;
#[cfg(test)]
mod tests;
mod wants;
mod words;

pub use answer::{Answer, Kind, answer};
pub use offer::Offer;
pub use shell::{Asked, Shell};
