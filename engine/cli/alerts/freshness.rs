//! Which runbooks of alerts were not rehearsed lately, by the runs that are known on this machine.

use jiff::Timestamp;
use runbook_alerts::findings::{Finding, Tried, Wanted, rehearsals};
use runbook_alerts::mapping::Known;
use runbook_alerts::rules::File;
use runbook_model::length::Length;

use super::checked::file_of;
use crate::history::History;
use crate::library::Title;
use crate::output::elapsed;
use crate::rehearsal::LastTried;

/// The runbooks that links lead to and that nobody tried within a time; `None` when no run is known here, so that nothing can be
/// said of any.
#[must_use]
pub fn stale(
    files: &[File],
    runbooks: &[Known],
    titles: &[Title],
    wanted: &Wanted,
    within: Length,
    history: Option<&History>,
    now: Timestamp,
) -> Option<Vec<Finding>> {
    let names: Vec<_> = runbooks.iter().map(|known| known.name.clone()).collect();
    let last = LastTried::of(history?, &names);
    if last.is_blank() {
        return None;
    }
    let tried = |name: &str| match last.at(name).map(|at| u64::try_from(now.duration_since(at).as_millis())) {
        None => Tried::Never,
        // A clock that was set back: of unknown age is not old.
        Some(Err(_)) => Tried::Lately,
        Some(Ok(age)) if age <= within.millis() => Tried::Lately,
        Some(Ok(age)) => Tried::Before { ago: elapsed::short(age) },
    };
    Some(rehearsals(files, runbooks, wanted, &within.to_string(), &tried, &|name| file_of(titles, name)))
}
