//! What is told of the end of a step.

use runbook_model::answer::Answer;
use runbook_model::entry::{End, Intent};
use runbook_model::outcome::Outcome;
use runbook_model::step::StepKind;

use crate::output::elapsed;
use crate::output::reporters::line::{Detail, Line, Mark};
use crate::output::reporters::{Telling, change, failed, outlook, spoken};
use crate::output::style::Tone;

/// How a step ended, by a mark and what there is to say about it.
pub(super) fn told(telling: &Telling, end: &End, intent: Option<&Intent>, rehearsal: bool) -> (Mark, Vec<Detail>) {
    match &end.outcome {
        Outcome::Succeeded(answer) => {
            let details = match answer {
                Answer::Exited(exited) if telling.verbose => failed::output(exited),
                Answer::Exited(exited) => {
                    failed::unkept(&exited.unkept).chain(failed::left_running(&exited.left_running)).collect()
                }
                _ => Vec::new(),
            };
            let mark = match () {
                () if rehearsal => Mark::Verified,
                () if end.path.is_rollback() => Mark::RolledBack,
                () => Mark::Done,
            };
            (mark, details)
        }
        Outcome::Failed(failure) => (Mark::Failed, failed::details(failure, end, intent.map(|intent| &intent.location))),
        Outcome::Missed(failure) => (Mark::Warning, failed::reason(failure, Tone::Warn)),
        Outcome::Withheld { assumed } => {
            let command = intent.and_then(|intent| match &intent.spec.kind {
                StepKind::Command(command) => Some((command, intent)),
                StepKind::Check(_) | StepKind::Confirm(_) | StepKind::Rollback(_) => None,
            });
            let mut details = match intent.and_then(|intent| intent.change.as_ref()) {
                Some(found) => change::would(found, command.map(|(command, _)| &command.change)),
                None => Vec::new(),
            };
            details.extend(command.map(|(command, intent)| change::owed(command, intent)));
            let changes = intent.is_some_and(|intent| matches!(intent.spec.kind, StepKind::Command(_)));
            if let Some(estimate) = telling.likely.get(&end.path).filter(|_| changes) {
                details.push(Detail::Text(Tone::Faint, outlook::took(estimate)));
            }
            details.extend(assumed.as_ref().map(|value| Detail::Text(Tone::Faint, format!("taken instead: {value}"))));
            (Mark::Withheld, details)
        }
        Outcome::Unknown { because } => (Mark::Unknown, vec![Detail::Text(Tone::Unknown, because.clone())]),
    }
}

/// How long it took, and whatever else was not usual.
pub(super) fn aside(end: &End, intent: Option<&Intent>) -> String {
    let mut parts = Vec::new();
    parts.extend(intent.and_then(elsewhere));
    parts.extend(end.millis.map(elapsed::short));
    if end.attempt.0 > 1 {
        parts.push(format!("attempt {}", end.attempt));
    }
    if let Some(looks) = end.looks.filter(|looks| *looks > 1) {
        parts.push(format!("{looks} looks"));
    }
    if let Outcome::Succeeded(Answer::Value(value)) = &end.outcome
        && !value.is_boolean()
        && !value.is_null()
    {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        parts.push(format!("= {}", crate::output::screen::cut(&crate::output::safe::line(&text), 60)));
    }
    if end.path.is_rollback()
        && let Some(change) = intent.and_then(|intent| intent.change.as_ref())
    {
        parts.push(spoken::change(change));
    }
    parts.join(" · ")
}

/// On which host, unless its name says so.
fn elsewhere(intent: &Intent) -> Option<String> {
    let StepKind::Command(command) = &intent.spec.kind else { return None };
    let on = format!("on {}", command.change.host()?);
    (!intent.spec.name.ends_with(&on)).then_some(on)
}

/// Takes the output of a step that succeeded out of its lines: all of it was shown as it came. After a failure the end of
/// it is worth repeating.
pub(super) fn drop_output(end: &End, lines: &mut [Line]) {
    if matches!(end.outcome, Outcome::Succeeded(_)) {
        for line in lines {
            line.details.retain(|detail| !matches!(detail, Detail::Output(_) | Detail::Stream(_)));
        }
    }
}
