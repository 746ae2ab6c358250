//! What is known before a run begins, and what a rehearsal leaves behind.

use jiff::Timestamp;
use runbook_model::digest::Digest;
use runbook_model::entry::RunStarted;
use runbook_model::estimate::Estimate;
use runbook_model::length::Length;
use runbook_model::outlook::{Lack, Rehearsed};

use crate::output::elapsed;
use crate::output::reporters::line::{Detail, Line, Mark};
use crate::output::style::Tone;

fn detail((tone, text): (Tone, String)) -> Detail {
    Detail::Text(tone, text)
}

/// Where changes will be made. Always said, and in the colour of what it means.
pub(super) fn environment(started: &RunStarted) -> Option<Detail> {
    let env = started.env.as_deref()?;
    Some(if started.protected {
        Detail::Text(Tone::Bad, format!("environment {env}, protected"))
    } else {
        Detail::Text(Tone::Good, format!("environment {env}"))
    })
}

/// The last rehearsal, and how long it will likely take.
pub(super) fn details(started: &RunStarted, now: Timestamp) -> Vec<Detail> {
    let outlook = &started.outlook;
    let mut details = Vec::new();
    if let Some(estimate) = &outlook.likely {
        details.push(detail(likely(estimate, started.budget)));
    }
    details.extend(outlook.rehearsed.iter().flat_map(|rehearsed| last(rehearsed, now)).map(detail));
    if let Some(why) = &outlook.waived {
        details.push(Detail::Text(Tone::Warn, format!("without the rehearsal that is required: {why}")));
    }
    details
}

/// `likely 3m05s (95 % within 4m10s, of 12 runs)`, and whether the budget will hold.
#[must_use]
pub fn likely(estimate: &Estimate, budget: Option<Length>) -> (Tone, String) {
    let Estimate { median, p95, runs } = *estimate;
    let of = if runs == 1 { "1 run".to_owned() } else { format!("{runs} runs") };
    let mut text = format!("likely {} (95 % within {}, of {of})", elapsed::short(median), elapsed::short(p95));
    let tone = match budget {
        Some(budget) if median > budget.millis() => {
            text.push_str(&format!(": more than the budget of {budget}"));
            Tone::Bad
        }
        Some(budget) if p95 > budget.millis() => {
            text.push_str(&format!(": the budget of {budget} may not hold"));
            Tone::Warn
        }
        _ => Tone::Faint,
    };
    (tone, text)
}

/// When it was rehearsed last, and what is not now as it was then.
#[must_use]
pub fn last(rehearsed: &Rehearsed, now: Timestamp) -> Vec<(Tone, String)> {
    let age = u64::try_from(now.duration_since(rehearsed.at).as_millis()).map(elapsed::short);
    let ago = age.map_or_else(|_| "in the future".to_owned(), |age| format!("{age} ago"));
    let whence = rehearsed.env.as_ref().map(|env| format!(" in {env}")).unwrap_or_default();
    let by = &rehearsed.by;
    let text = format!("last rehearsed {ago}{whence} by {}@{}, plan {}", by.name, by.host, rehearsed.plan.short());
    let mut lines = vec![(Tone::Faint, text)];
    let mut since = |text: String| lines.push((Tone::Warn, format!("  {text}")));
    if !rehearsed.certain {
        since("it could not know everything".to_owned());
    }
    rehearsed.differs.iter().for_each(|what| since(format!("not as then: {what}")));
    lines
}

/// What a rehearsal leaves behind: its plan, and one list of everything that the real run would not find.
pub(super) fn plan(
    at: Timestamp,
    plan: Digest,
    (steps, changes): (u64, u64),
    lacks: &[Lack],
    unconfined: Option<&str>,
) -> Vec<Line> {
    let mut lines = Vec::new();
    if !lacks.is_empty() {
        let lack = |lack: &Lack| Detail::Text(Tone::Warn, format!("{}: {}", lack.change, lack.what));
        lines.push(Line::new(at, Mark::Warning, "missing for the real run:").details(lacks.iter().map(lack)).apart());
    }
    if let Some(why) = unconfined {
        lines.push(Line::new(at, Mark::Warning, "the programs of checks were not kept from writing").aside(why));
    }
    let counted = |count: u64, one: &str| if count == 1 { format!("1 {one}") } else { format!("{count} {one}s") };
    let what = format!("{}, {}", counted(steps, "step"), counted(changes, "change"));
    lines.push(Line::new(at, Mark::Note, format!("plan {}", plan.short())).aside(what));
    lines
}
