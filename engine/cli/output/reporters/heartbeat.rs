//! A sign of life where nothing moves: a log in which nothing appears for minutes looks like a run that hangs.

use crate::output::elapsed;
use crate::output::reporters::narrator::Narrator;
use crate::output::reporters::ongoing::Ongoing;
use crate::output::safe;

/// After so many milliseconds of silence a line says that the run still works.
const SILENCE: u64 = 60_000;

/// What goes on, in one safe line, when it is time for a sign of life: `wrote` is when the last line was written.
pub(super) fn due(narrator: &Narrator, ongoing: &Ongoing, wrote: u64) -> Option<String> {
    if ongoing.millis().saturating_sub(wrote) < SILENCE {
        return None;
    }
    let (active, more) = narrator.active()?;
    let mut text = format!("still running: {} {}", active.kind, safe::line(&active.text));
    text.push_str(&format!(", {}", elapsed::short(ongoing.since(active.since))));
    if more > 0 {
        text.push_str(&format!(", and {more} more"));
    }
    if let Some(latest) = ongoing.latest(active.path) {
        text.push_str(&format!("; last: {latest}"));
    }
    Some(text)
}
