//! What the program is told by files, variables and flags, with the origin of each value.
//!
//! Later wins: built in, `runbook.toml`, the user's own file, `RUNBOOK_*` variables, flags.
//! Relative paths start from the directory of `runbook.toml` when they stand in it, and from the working directory when
//! they stand in a variable or a flag; the user's file holds absolute ones only, since it has no such place.

mod alerts;
mod audit;
mod complaint;
mod effective;
mod layer;
mod origin;
mod reader;
mod root;
mod rules;
pub(crate) mod secrets;
mod serve;
mod surroundings;

pub use alerts::Alerts;
pub use audit::{Audit, Policy, expanded};
pub use effective::{Configuration, Environment};
pub use origin::{Origin, Sourced};
pub use rules::Rules;
pub use serve::Serve;
pub use surroundings::Surroundings;

/// Reads a text as a configuration file and says what is wrong with it. Only for those who write files that nobody would.
///
/// # Errors
/// Every mistake, in words.
#[doc(hidden)]
pub fn judged(text: &str) -> Result<(), String> {
    let path = std::path::Path::new("runbook.toml");
    layer::Layer::read(path, text).map(drop).map_err(|failure| failure.rendered(crate::output::style::Palette::plain()))
}

#[cfg(test)]
mod tests;
