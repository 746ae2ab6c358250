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
        details.push(detail(likely(estimate, &outlook.likely_differs, started.budget)));
    }
    details.extend(outlook.rehearsed.iter().flat_map(|rehearsed| last(rehearsed, now)).map(detail));
    if let Some(why) = &outlook.waived {
        details.push(Detail::Text(Tone::Warn, format!("without the rehearsal that is required: {why}")));
    }
    details
}

/// From fewer runs nobody can tell what is likely: what they took is said instead.
const FEW: u32 = 5;
/// Of fewer runs the 95th percentile is the longest, and is called that.
const MANY: u32 = 20;

/// `likely 3m05s (95 % within 4m10s, of 32 runs)`, or what the few runs that there were took; what was different then; and
/// whether the budget will hold.
#[must_use]
pub fn likely(estimate: &Estimate, differs: &[String], budget: Option<Length>) -> (Tone, String) {
    let Estimate { median, p95, .. } = *estimate;
    let mut text = took(estimate);
    if !differs.is_empty() {
        text.push_str(&format!(", with {}", differs.join(", ")));
    }
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

/// How long it took, or likely takes, in as strong words as so many runs allow.
#[must_use]
pub fn took(estimate: &Estimate) -> String {
    let Estimate { median, p95, runs, shortest } = *estimate;
    let (likely, longest) = (elapsed::short(median), elapsed::short(p95));
    match (runs, shortest.map(elapsed::short)) {
        (1, _) => format!("took {likely} the only time"),
        (..FEW, Some(shortest)) if shortest == longest => format!("took {longest} in each of {runs} runs"),
        (..FEW, Some(shortest)) => format!("took between {shortest} and {longest} in {runs} runs"),
        (..FEW, None) => format!("took at most {longest} in {runs} runs"),
        (FEW..MANY, _) => format!("likely {likely} (at most {longest} in {runs} runs)"),
        (MANY.., _) => format!("likely {likely} (95 % within {longest}, of {runs} runs)"),
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn said(millis: Vec<u64>, differs: &[&str], budget: Option<u64>) -> String {
        let differs: Vec<_> = differs.iter().map(|it| (*it).to_owned()).collect();
        likely(&Estimate::of(millis).unwrap(), &differs, budget.map(|millis| std::time::Duration::from_millis(millis).into())).1
    }

    #[test]
    fn words_are_as_strong_as_so_many_runs_allow() {
        assert_eq!(said(vec![3_300], &[], None), "took 3.3s the only time");
        assert_eq!(said(vec![3_300, 2_100, 4_000], &[], None), "took between 2.1s and 4.0s in 3 runs");
        assert_eq!(said(vec![3_310, 3_320], &[], None), "took 3.3s in each of 2 runs");
        assert_eq!(said(vec![1_000; 5], &[], None), "likely 1.0s (at most 1.0s in 5 runs)");
        assert_eq!(said((1..=20).map(|it| it * 1_000).collect(), &[], None), "likely 10.0s (95 % within 19.0s, of 20 runs)");
    }

    #[test]
    fn what_was_different_is_named_and_a_budget_is_held_against_it() {
        assert_eq!(said(vec![3_300], &["`watch` \"2s\""], None), "took 3.3s the only time, with `watch` \"2s\"");
        assert!(said(vec![3_300], &[], Some(1_000)).contains("the only time: more than the budget of 1s"));
    }

    #[test]
    fn a_journal_from_before_says_less() {
        let old: Estimate = serde_json::from_str(r#"{"median":2000,"p95":4000,"runs":3}"#).unwrap();
        assert_eq!(took(&old), "took at most 4.0s in 3 runs");
    }
}
