//! After a run: whether it went as it was rehearsed.

use runbook_model::entry::Mode;
use runbook_model::id::RunId;
use runbook_model::plan::Plan;
use runbook_model::status::RunStatus;
use runbook_runtime::journal::{Journal, StateDir};

/// So many steps that differ are named.
const MOST: usize = 5;

/// In a line or a few: how the plan of a run that has ended compares with the rehearsal that it knew of. Nothing when there
/// was none, or when it has not come to its end. The whole journal is read for that.
#[must_use]
pub fn compared(state: &StateDir, run: RunId) -> Option<String> {
    let fold = |run: RunId| Journal::folded(&state.run(run)).ok()?;
    let now = fold(run)?;
    if !matches!(now.status(), RunStatus::Completed | RunStatus::Rehearsed { .. }) {
        return None;
    }
    let rehearsed = now.started().outlook.rehearsed.as_ref()?;
    let then = fold(rehearsed.run)?;
    let (plan, before) = (Plan::of(&now), Plan::of(&then));
    let what = if now.started().mode == Mode::Rehearsal { "the same plan as in" } else { "as rehearsed in" };
    let differ = plan.differences(&before);
    if differ.is_empty() {
        return Some(format!("{what} {}: {} steps", rehearsed.run, plan.steps.len()));
    }
    let names: Vec<_> = differ.iter().take(MOST).map(ToString::to_string).collect();
    let more = if differ.len() > MOST { format!(", and {} more", differ.len() - MOST) } else { String::new() };
    let count = if differ.len() == 1 { "1 step differs".to_owned() } else { format!("{} steps differ", differ.len()) };
    Some(format!(
        "{count} from the rehearsal {}: {}{more}\n  runbook diff --plan {} {run}",
        rehearsed.run,
        names.join(", "),
        rehearsed.run
    ))
}
