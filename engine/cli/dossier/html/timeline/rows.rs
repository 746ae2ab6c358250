//! The rows of the picture, from top to bottom.

use std::collections::HashSet;

use jiff::Timestamp;
use runbook_model::account::StepAccount;
use runbook_model::length::Length;
use runbook_model::path::StepPath;
use runbook_model::step::StepKind;

use super::bars::{self, Bar};
use crate::dossier::{Dossier, Mood};
use crate::output::elapsed;

/// The most steps that are drawn: more than that is no picture any more.
const MOST: usize = 150;

/// A row of the picture.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Row {
    pub(super) label: String,
    /// How many phases enclose it.
    pub(super) depth: usize,
    /// What stands at the right: how long it took.
    pub(super) aside: String,
    /// Where on the page there is more.
    pub(super) link: Option<String>,
    pub(super) mood: Mood,
    pub(super) what: What,
}

/// What a row shows.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum What {
    /// The attempts at a step.
    Step(Vec<Bar>),
    /// A phase, from when to when, with its promise and whether that was broken.
    Phase { from: Timestamp, to: Timestamp, promise: Option<(Length, bool)> },
    /// Sessions: each from when to when, and whether its process died.
    Sessions(Vec<(Timestamp, Timestamp, bool)>),
    /// A heading of its own: the run turns around.
    Turn,
}

/// Every row, and how many steps were left out.
pub(super) fn of(dossier: &Dossier) -> (Vec<Row>, usize) {
    let account = &dossier.account;
    let drawn = drawn(dossier);
    let mut rows = vec![sessions(dossier)];
    let mut entered: HashSet<&StepPath> = HashSet::new();
    let mut turned = false;
    for (nth, step) in account.steps.iter().enumerate().filter(|(nth, _)| drawn.contains(nth)) {
        if step.path.is_rollback() {
            if let (false, Some(turn)) = (turned, &account.rollback) {
                let label = format!("Rolling back, by {}", turn.by.line());
                let mood = Mood::Back;
                rows.push(Row { label, depth: 0, aside: String::new(), link: None, mood, what: What::Turn });
                turned = true;
            }
        } else {
            // Phases come before the first step in them.
            for (path, from, took) in account.phases.iter().filter(|(path, _, _)| step.path.is_within(path)) {
                if entered.insert(path) {
                    let branch = step.branch.as_ref().filter(|branch| path.is_within(branch));
                    rows.push(phase(dossier, path, branch, (*from, *took)));
                }
            }
        }
        rows.push(row(dossier, nth, step));
    }
    (rows, account.steps.len() - drawn.len())
}

fn row(dossier: &Dossier, nth: usize, step: &StepAccount) -> Row {
    let (bars, mood) = (bars::of(dossier, step), bars::mood(dossier, step));
    let attempts = if step.attempts.len() > 1 { format!("{}× ", step.attempts.len()) } else { String::new() };
    let label = match (step.path.is_rollback(), step.last().map(|attempt| &attempt.intent.spec.kind)) {
        // What a rollback does says more than whose it is.
        (true, Some(StepKind::Command(command))) => command.change.line(),
        _ => step.named(),
    };
    Row {
        label,
        depth: if step.path.is_rollback() { 1 } else { step.path.depth() },
        aside: step
            .millis()
            .map_or_else(|| dossier.standing(step).to_owned(), |millis| format!("{attempts}{}", elapsed::short(millis))),
        link: Some(format!("step-{nth}")),
        mood,
        what: What::Step(bars),
    }
}

fn phase(dossier: &Dossier, path: &StepPath, branch: Option<&StepPath>, (from, took): (Timestamp, Option<u64>)) -> Row {
    let account = &dossier.account;
    let promise = account.promises.iter().find(|promise| promise.path == *path);
    let within = account.steps.iter().filter(|step| step.path.is_within(path));
    let last = within.flat_map(|step| bars::of(dossier, step)).map(|bar| bar.to).max().unwrap_or(from);
    let to = match took.and_then(|took| i64::try_from(took).ok()) {
        Some(took) => Timestamp::from_millisecond(from.as_millisecond().saturating_add(took)).unwrap_or(last),
        None => last,
    };
    let broken = promise.is_some_and(runbook_model::account::Promise::is_broken);
    let spent = took.map(elapsed::short).unwrap_or_default();
    let aside = match promise {
        Some(promise) if spent.is_empty() => format!("of {}", promise.budget),
        Some(promise) => format!("{spent} of {}", promise.budget),
        None => spent,
    };
    Row {
        label: branch.map_or_else(|| path.name().to_owned(), |branch| format!("{}: {}", branch.name(), path.name())),
        depth: path.depth(),
        aside,
        link: None,
        mood: if broken { Mood::Bad } else { Mood::Faint },
        what: What::Phase { from, to, promise: promise.map(|promise| (promise.budget, broken)) },
    }
}

fn sessions(dossier: &Dossier) -> Row {
    let account = &dossier.account;
    let sittings = account.sessions.iter().map(|sitting| {
        let open = sitting.left.is_none();
        let last = account.sessions.last().is_some_and(|last| last.epoch == sitting.epoch);
        let alive = open && last && dossier.at_work.is_some();
        (sitting.began, if alive { dossier.until() } else { sitting.last }, open && !alive)
    });
    let mut names: Vec<&str> = Vec::new();
    for sitting in &account.sessions {
        if !names.contains(&sitting.session.operator.name.as_str()) {
            names.push(&sitting.session.operator.name);
        }
    }
    let count = account.sessions.len();
    Row {
        label: format!("at work: {}", names.join(", ")),
        depth: 0,
        aside: if count == 1 { "1 session".to_owned() } else { format!("{count} sessions") },
        link: None,
        mood: Mood::Faint,
        what: What::Sessions(sittings.collect()),
    }
}

/// Which steps are drawn: all, or those that did not go well and those that took longest.
fn drawn(dossier: &Dossier) -> HashSet<usize> {
    let steps = &dossier.account.steps;
    let mut order: Vec<usize> = (0..steps.len()).collect();
    if steps.len() > MOST {
        order.sort_by_key(|nth| {
            let step = &steps[*nth];
            let fine = matches!(bars::mood(dossier, step), Mood::Good | Mood::Faint);
            (fine, std::cmp::Reverse(step.millis().unwrap_or(0)))
        });
        order.truncate(MOST);
    }
    order.into_iter().collect()
}
