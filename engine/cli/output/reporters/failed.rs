//! A failure as people need it at night: the reason, what was seen, the end of the output, what is open.

use runbook_model::Value;
use runbook_model::answer::{Exited, KillReceipt, Process, Unkept};
use runbook_model::entry::End;
use runbook_model::excerpt::Excerpt;
use runbook_model::failure::Failure;
use runbook_model::step::Location;

use crate::output::reporters::change::difference;
use crate::output::reporters::line::Detail;
use crate::output::screen::cut;
use crate::output::style::Tone;

/// So many lines of each stream are shown; `runbook show RUN -v` and the journal have more.
const TAIL: usize = 20;

/// A line about a failure is cut here, in columns.
const LONGEST: usize = 400;

/// Everything to read below a failed step.
#[must_use]
pub fn details(failure: &Failure, end: &End, location: Option<&Location>) -> Vec<Detail> {
    let mut details = reason(failure, Tone::Bad);
    let is_whole = details.len() == 1;
    match failure {
        Failure::NotMet { saw, expected: Some(expected) } if is_whole && (is_long(saw) || is_long(expected)) => {
            details.extend(difference(&pretty(expected), &pretty(saw)));
        }
        Failure::Exited(exited) => details.extend(output(exited)),
        Failure::TimedOut { receipt, exited, .. } | Failure::Stopped { receipt, exited } => {
            details.extend(output(exited));
            details.extend(stopped(receipt));
        }
        Failure::Response(response) => details.extend(tail(&response.body.0)),
        Failure::LookFailed { at: Some(at), .. } => details.push(place(at)),
        _ => {}
    }
    let told = failure.line();
    // What a look that failed had to say is the reason itself, and was said.
    let is_told = |saw: &str| matches!(failure, Failure::LookFailed { .. }) && told.contains(saw);
    for observed in end.observed.iter().filter(|observed| !is_told(&observed.saw)) {
        details.push(Detail::Text(Tone::Faint, format!("saw {}: {}", observed.what, observed.saw)));
    }
    // A rollback that was planned in the journal stands in no file.
    details.extend(location.filter(|location| !location.file.is_empty()).map(place));
    if failure.effect_is_open() {
        details.push(Detail::Text(Tone::Warn, "it may have taken effect, in part or in whole".to_owned()));
    }
    details
}

/// A failure in one line, and below it what does not fit: a check may have seen a whole file, and the cause of a failure often
/// stands at the end.
#[must_use]
pub fn reason(failure: &Failure, tone: Tone) -> Vec<Detail> {
    let told = failure.line();
    let line = cut(&told, LONGEST);
    let is_cut = line != told;
    let mut details = vec![Detail::Text(tone, line)];
    match failure {
        _ if !is_cut => {}
        Failure::NotMet { saw, expected: Some(expected) } => details.extend(difference(&pretty(expected), &pretty(saw))),
        Failure::NotMet { saw, expected: None } => details.extend(tail(pretty(saw).as_bytes())),
        _ => details.extend(tail(told.as_bytes())),
    }
    details
}

/// The ends of both streams, standard error last: it says most.
#[must_use]
pub fn output(exited: &Exited) -> Vec<Detail> {
    let mut details = Vec::new();
    for (name, stream) in [("standard output", &exited.stdout), ("standard error", &exited.stderr)] {
        let shown = tail(end_of(stream));
        if shown.is_some() && exited.stdout.size > 0 && exited.stderr.size > 0 {
            details.push(Detail::Stream(name));
        }
        if stream.dropped() > 0 {
            details.push(Detail::Text(Tone::Faint, format!("({} bytes in the middle are not kept)", stream.dropped())));
        }
        details.extend(shown);
    }
    details.extend(unkept(&exited.unkept));
    details.extend(left_running(&exited.left_running));
    details
}

/// Output that is lost.
pub fn unkept(lost: &[Unkept]) -> impl Iterator<Item = Detail> {
    lost.iter().map(|lost| Detail::Text(Tone::Warn, lost.line()))
}

/// Processes that a step started and left behind.
#[must_use]
pub fn left_running(processes: &[Process]) -> Option<Detail> {
    (!processes.is_empty()).then(|| Detail::Text(Tone::Warn, format!("left running: {}", listed(processes))))
}

fn stopped(receipt: &KillReceipt) -> Vec<Detail> {
    let mut details = Vec::new();
    if !receipt.stopped.is_empty() {
        let how = if receipt.killed { "killed, SIGTERM was not enough" } else { "stopped" };
        details.push(Detail::Text(Tone::Faint, format!("{how}: {}", listed(&receipt.stopped))));
    }
    if !receipt.survived.is_empty() {
        details.push(Detail::Text(Tone::Warn, format!("still running: {}", listed(&receipt.survived))));
    }
    details
}

fn listed(processes: &[Process]) -> String {
    let names: Vec<_> = processes.iter().map(|process| format!("{} ({})", process.name, process.pid)).collect();
    names.join(", ")
}

fn end_of(stream: &Excerpt) -> &[u8] {
    stream.tail.as_ref().map_or(&stream.head.0, |tail| &tail.0)
}

/// The last lines of some output.
fn tail(bytes: &[u8]) -> Option<Detail> {
    let end = bytes.iter().rposition(|byte| !byte.is_ascii_whitespace()).map_or(0, |last| last + 1);
    let bytes = &bytes[..end];
    let start = bytes.iter().enumerate().rev().filter(|(_, byte)| **byte == b'\n').nth(TAIL - 1).map_or(0, |(at, _)| at + 1);
    // One line may be a megabyte long: its end is enough.
    let start = start.max(bytes.len().saturating_sub(8 * 1024));
    (!bytes.is_empty()).then(|| Detail::Output(bytes[start..].to_vec()))
}

fn place(location: &Location) -> Detail {
    Detail::Text(Tone::Faint, format!("at {}:{}:{}", location.file, location.line, location.column))
}

fn is_long(value: &Value) -> bool {
    matches!(value, Value::Object(_) | Value::Array(_)) || value.as_str().is_some_and(|text| text.contains('\n'))
}

fn pretty(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        value => serde_json::to_string_pretty(value).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_the_output_is_shown_without_empty_lines() {
        let bytes: String = (1..=50).map(|n| format!("{n}\n")).collect::<String>() + "\n \n";
        let Some(Detail::Output(shown)) = tail(bytes.as_bytes()) else { panic!("output") };
        let shown = String::from_utf8(shown).unwrap();
        assert_eq!((shown.lines().count(), shown.lines().next(), shown.lines().last()), (TAIL, Some("31"), Some("50")));
        assert_eq!(tail(b"\n  \n"), None);
        assert!(matches!(tail(&[b'x'; 100_000]), Some(Detail::Output(shown)) if shown.len() == 8 * 1024));
    }
}
