//! What stands above a run: what it is of, and everything about it that is not as usual.

use jiff::Timestamp;
use runbook_model::entry::{Mode, RunStarted};
use runbook_model::parameter::{Given, Origin};

use crate::output::reporters::line::{Detail, Line, Mark};
use crate::output::reporters::outlook;
use crate::output::style::Tone;

/// The heading of a run.
pub(super) fn of(at: Timestamp, started: &RunStarted) -> Line {
    let mut parts = vec![started.runbook.clone()];
    if started.mode == Mode::Rehearsal {
        parts.push("dry run: nothing is changed".to_owned());
    }
    parts.extend(started.budget.map(|budget| format!("within {budget}")));
    let mut details: Vec<_> = outlook::environment(started).into_iter().collect();
    details.extend(started.alert.as_ref().map(|alert| Detail::Text(Tone::Plain, format!("answers {}", alert.line()))));
    details.extend(started.params.iter().map(|(name, given)| parameter(name, given)));
    details.extend(outlook::details(started, at));
    if let Some(provenance) = started.provenance.as_ref().filter(|provenance| provenance.dirty) {
        let text = format!("edited since commit {}", provenance.commit.chars().take(12).collect::<String>());
        details.push(Detail::Text(Tone::Warn, text));
    }
    if let Some(why) = &started.unsealed {
        details.push(Detail::Text(Tone::Warn, format!("not sealed: {why}")));
    }
    Line::new(at, Mark::Heading, started.title.clone()).aside(parts.join(" · ")).details(details).apart()
}

fn parameter(name: &str, given: &Given) -> Detail {
    let whence = match given.origin {
        Origin::Typed => "",
        Origin::Fallback => "  (fallback)",
        Origin::Alert => "  (from the alert)",
        Origin::Link => "  (from the link)",
    };
    Detail::Text(Tone::Faint, format!("{name} = {}{whence}", given.value))
}
