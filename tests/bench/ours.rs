//! What we are measured by: runbooks of plain steps.

use crate::measured::{self, Taken};
use crate::place::Place;

/// Says in the journal that the run is not sealed, and why.
pub(crate) const UNSEALED: [&str; 2] = ["--unsealed", "costs"];

/// A runbook of `count` commands that do nothing.
pub(crate) fn steps(count: usize) -> String {
    format!("for n in 0..{count} {{ command(\"step\", #{{ run: [\"/bin/true\"] }}); }}")
}

/// Executes a runbook in a place of its own.
pub(crate) fn exec(source: &str, more: &[&str]) -> Result<Taken, String> {
    let place = Place::with(source)?;
    exec_in(&place, more)
}

/// Executes the runbook of a place.
pub(crate) fn exec_in(place: &Place, more: &[&str]) -> Result<Taken, String> {
    measured::run(place.ours(&[&["exec", "main"], more].concat()), 0)
}
