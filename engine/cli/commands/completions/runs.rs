//! Runs, the newest first, and what is in one.

use jiff::Timestamp;
use runbook_model::entry::Mode;
use runbook_model::state::RunState;
use runbook_model::status::RunStatus;
use runbook_model::step::StepKind;
use runbook_runtime::dispatcher::questions;

use super::Offer;
use super::scene::Scene;
use super::slot::Given;
use super::wants::Which;
use crate::history::RunLine;
use crate::output::elapsed;

/// More than a person reads through, and as many as can be read while a key is let go.
const MOST: usize = 50;

/// The runs whose ids begin with what was typed, the newest first.
pub(super) fn runs(scene: &Scene, which: Which, typed: &str) -> Vec<Offer> {
    let Some(history) = scene.history() else { return Vec::new() };
    let typed = typed.to_ascii_uppercase();
    let mut ids = history.runs().unwrap_or_default();
    ids.retain(|run| run.to_string().starts_with(&typed));
    let (lines, _) = history.lines(&ids, MOST, |_| true, |line| is_wanted(which, line));
    let now = Timestamp::now();
    lines.iter().map(|line| Offer::new(line.run.to_string(), about(line, now))).collect()
}

fn is_wanted(which: Which, line: &RunLine) -> bool {
    let at_work = matches!(line.status, RunStatus::Running | RunStatus::RollingBack) && !line.died;
    match which {
        Which::Any => true,
        _ if line.damaged || at_work => false,
        Which::Unfinished => !line.status.is_final(),
        Which::Waiting => matches!(line.status, RunStatus::Suspended { .. }),
        Which::InDoubt => line.died || matches!(line.status, RunStatus::InDoubt { .. }),
        Which::Ended => line.mode == Mode::Live && !matches!(line.status, RunStatus::RolledBack | RunStatus::Abandoned { .. }),
    }
}

fn about(line: &RunLine, now: Timestamp) -> String {
    let rehearsal = if line.mode == Mode::Rehearsal { " (rehearsal)" } else { "" };
    let env = line.env.as_ref().map_or_else(String::new, |env| format!(" in {env}"));
    let ago = u64::try_from(now.as_millisecond() - line.started.as_millisecond()).unwrap_or(0);
    format!("{}{rehearsal}{env}: {}, {} ago", line.runbook, line.word(), elapsed::ticking(ago))
}

/// Who started runs, by those that were read.
pub(super) fn operators(scene: &Scene) -> Vec<Offer> {
    let Some(history) = scene.history() else { return Vec::new() };
    let ids = history.runs().unwrap_or_default();
    let (lines, _) = history.lines(&ids, MOST, |_| true, |_| true);
    let mut names: Vec<_> = lines.into_iter().filter_map(|line| line.operator).collect();
    names.sort_unstable();
    names.dedup();
    names.into_iter().map(Offer::plain).collect()
}

fn state(scene: &Scene, given: &Given) -> Option<RunState> {
    scene.run(given.value("run").or_else(|| given.value("subject"))?)
}

/// The questions that are open in the run that was typed.
pub(super) fn open_questions(scene: &Scene, given: &Given) -> Vec<Offer> {
    let open = state(scene, given).map(|state| questions(&state)).unwrap_or_default();
    open.into_iter().map(|(path, spec)| Offer::new(path.to_string(), spec.name)).collect()
}

/// The choices of the question that was typed, or of the first that has any.
pub(super) fn choices(scene: &Scene, given: &Given) -> Vec<Offer> {
    let open = state(scene, given).map(|state| questions(&state)).unwrap_or_default();
    let step = given.value("step");
    let meant = open.iter().filter(|(path, spec)| step.is_none_or(|step| step == path.to_string() || step == spec.name));
    let choices = meant.filter_map(|(_, spec)| match &spec.kind {
        StepKind::Confirm(confirm) if !confirm.choices.is_empty() => Some(&confirm.choices),
        _ => None,
    });
    choices.take(1).flatten().map(Offer::plain).collect()
}

/// The steps of the run that was typed: those in doubt, or all.
pub(super) fn steps(scene: &Scene, given: &Given, doubtful: bool) -> Vec<Offer> {
    let Some(state) = state(scene, given) else { return Vec::new() };
    let all: Vec<_> = if doubtful { state.doubtful() } else { state.steps().iter().map(std::sync::Arc::as_ref).collect() };
    all.into_iter().map(|step| Offer::plain(step.path.to_string())).collect()
}
