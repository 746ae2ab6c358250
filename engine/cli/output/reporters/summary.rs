//! The end of a session: what the run is now, and what to type next.

use jiff::Timestamp;
use runbook_model::change::quoted;
use runbook_model::entry::{End, Intent, Mode, Purpose, RunStarted};
use runbook_model::failure::Failure;
use runbook_model::id::RunId;
use runbook_model::outcome::Outcome;
use runbook_model::parameter::Origin;
use runbook_model::path::StepPath;
use runbook_model::status::RunStatus;
use runbook_model::step::{Command, RollbackPlan, StepKind};

use crate::output::elapsed;
use crate::output::reporters::line::{Detail, Line, Mark};
use crate::output::style::Tone;

/// So many characters of a reason are repeated at the end.
const LONGEST_WHY: usize = 100;

/// How many of what.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) checks: u32,
    pub(super) commands: u32,
    pub(super) skipped: u32,
    pub(super) rolled_back: u32,
    /// Commands that are done, of which the runbook says that nothing takes them back, or nothing at all.
    pub(super) kept: u32,
    pub(super) missed: u32,
    pub(super) verified: u32,
    /// Checks of a rehearsal that looked although changes before them were withheld.
    pub(super) early: u32,
    pub(super) withheld: u32,
    /// Those of them that would have changed something.
    pub(super) changes_withheld: u32,
    /// What the real run will need and would not find now.
    pub(super) lacks: usize,
    pub(super) unknown: u32,
    /// Items of a `parallel` that failed, whether it let them or not.
    pub(super) items_failed: u32,
    /// What took effect and has a way back.
    pub(super) reversible: u32,
    /// The latest step that failed did so in the script: the closure of a check, or a look in it.
    pub(super) failed_in_script: bool,
}

impl Tally {
    pub(super) fn count(&mut self, end: &End, intent: Option<&Intent>, rehearsal: bool) {
        self.failed_in_script = matches!(end.outcome, Outcome::Failed(Failure::LookFailed { .. }));
        let back = intent.and_then(|intent| way_back(&intent.spec.kind)).filter(|_| !end.path.is_rollback());
        self.reversible += u32::from(match (&end.outcome, back) {
            (Outcome::Succeeded(_), Some(_)) => true,
            (Outcome::Failed(failure), Some(command)) => command.rollback_if_failed || failure.effect_is_open(),
            _ => false,
        });
        match (&end.outcome, intent.map(|intent| &intent.spec.kind)) {
            (Outcome::Succeeded(_), _) if rehearsal && self.changes_withheld > 0 => self.early += 1,
            (Outcome::Succeeded(_), _) if rehearsal => self.verified += 1,
            (Outcome::Succeeded(_), _) if end.path.is_rollback() => {}
            (Outcome::Succeeded(_), Some(StepKind::Check(_))) => self.checks += 1,
            (Outcome::Succeeded(_), Some(StepKind::Command(command))) => {
                self.commands += 1;
                self.kept += u32::from(matches!(command.rollback, RollbackPlan::Nothing | RollbackPlan::Undeclared));
            }
            (Outcome::Succeeded(_) | Outcome::Failed(_), _) => {}
            (Outcome::Missed(_), _) => self.missed += 1,
            (Outcome::Withheld { .. }, kind) => {
                self.withheld += 1;
                self.changes_withheld += u32::from(matches!(kind, Some(StepKind::Command(_))));
            }
            (Outcome::Unknown { .. }, _) => self.unknown += 1,
        }
    }

    /// Somebody says that a step took effect of which nobody knew.
    pub(super) fn settle(&mut self, step: Option<&StepKind>) {
        self.commands += 1;
        self.reversible += u32::from(step.is_some_and(|step| way_back(step).is_some()));
    }

    fn told(&self) -> String {
        let count = |n: u32, one: &str, many: &str| (n > 0).then(|| format!("{n} {}", if n == 1 { one } else { many }));
        let parts = [
            count(self.checks, "check", "checks"),
            count(self.commands, "command", "commands"),
            count(self.verified, "verified", "verified"),
            count(self.early, "seen before the changes", "seen before the changes"),
            count(self.withheld, "withheld", "withheld"),
            count(self.unknown, "unknown", "unknown"),
            count(self.missed, "advisory check missed", "advisory checks missed"),
            count(self.items_failed, "item failed", "items failed"),
            count(self.skipped, "skipped", "skipped"),
            count(self.rolled_back, "rolled back", "rolled back"),
            // Without it the sum of a rollback would not add up.
            count(self.kept, "without a way back", "without a way back").filter(|_| self.rolled_back > 0),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}

/// The command, when its author says how it is taken back.
fn way_back(kind: &StepKind) -> Option<&Command> {
    match kind {
        StepKind::Command(command) => {
            (!matches!(command.rollback, RollbackPlan::Undeclared | RollbackPlan::Nothing)).then_some(command)
        }
        StepKind::Check(_) | StepKind::Confirm(_) | StepKind::Rollback(_) => None,
    }
}

/// What there is to know about the session that ends.
pub(super) struct Session<'a> {
    pub(super) purpose: Option<Purpose>,
    /// In milliseconds.
    pub(super) took: Option<u64>,
    pub(super) trail: Option<&'a str>,
    /// Whom the question is for that the run waits with; `None` when it is for anybody.
    pub(super) meant: Option<String>,
    /// Until when that question may be answered, and whether that is over.
    pub(super) until: Option<(Timestamp, bool)>,
    /// Whether somebody has said no to a question, and the run has not come past it.
    pub(super) declined: bool,
    /// Whether the step in doubt says by which look its effect is seen.
    pub(super) settles: bool,
    /// Whether the run can be found again: it is named then, and its trail.
    pub(super) named: bool,
}

pub(super) fn lines(
    at: Timestamp,
    run: RunId,
    status: &RunStatus,
    session: &Session<'_>,
    started: Option<&RunStarted>,
    tally: &Tally,
) -> Vec<Line> {
    let (mark, why) = match (status, tally.lacks) {
        (RunStatus::Rehearsed { unknown: 0 }, 1) => {
            (Mark::Unknown, Some("1 thing that the real run needs is not there now".to_owned()))
        }
        (RunStatus::Rehearsed { unknown: 0 }, lacks @ 2..) => {
            (Mark::Unknown, Some(format!("{lacks} things that the real run needs are not there now")))
        }
        _ => verdict(status),
    };
    // Whoever settled a step or answered a question has done what they came for: nothing was interrupted.
    let (mark, word) = match (status, session.purpose) {
        (RunStatus::Interrupted, Some(Purpose::Resolve)) => (Mark::Done, "settled"),
        (RunStatus::Interrupted, Some(Purpose::Answer)) if session.declined => (Mark::Done, "answered: no"),
        (RunStatus::Interrupted, Some(Purpose::Answer)) => (Mark::Done, "answered"),
        _ => (mark, status.word()),
    };
    let name = started.map_or("run", |started| started.runbook.as_str());
    let mut aside = tally.told();
    if let Some(took) = session.took {
        let comma = if aside.is_empty() { "" } else { " · " };
        aside = format!("{}{comma}{aside}", elapsed::short(took));
    }
    // What is wrong with a script is a drawing of several lines.
    let mut details: Vec<_> =
        why.iter().flat_map(|why| why.lines()).map(|why| Detail::Text(mark.tone(), why.to_owned())).collect();
    if matches!(status, RunStatus::Suspended { .. }) {
        details.extend(session.meant.iter().map(|meant| Detail::Text(mark.tone(), meant.clone())));
        details.extend(session.until.map(|(until, is_over)| {
            let when = if is_over { "its time was over at" } else { "until" };
            Detail::Text(mark.tone(), format!("{when} {}", moment(until)))
        }));
    }
    if session.named {
        details.push(Detail::Text(Tone::Faint, format!("run {run}")));
        details.extend(session.trail.map(|trail| Detail::Text(Tone::Faint, format!("trail {trail}"))));
    }
    let mut lines = vec![Line::new(at, mark, format!("{name} {word}")).aside(aside).details(details).apart()];
    for (command, what_for) in next(run, status, session, started, tally) {
        lines.push(Line::new(at, Mark::Next, command).aside(what_for));
    }
    lines
}

/// A moment to which somebody looks forward.
fn moment(at: Timestamp) -> impl std::fmt::Display {
    at.strftime("%Y-%m-%d %H:%M:%S UTC")
}

fn verdict(status: &RunStatus) -> (Mark, Option<String>) {
    let at = |path: &StepPath| Some(format!("at `{}`", path.told()));
    match status {
        RunStatus::Completed => (Mark::Done, None),
        RunStatus::Rehearsed { unknown: 0 } => (Mark::Verified, None),
        RunStatus::Rehearsed { unknown: 1 } => (Mark::Unknown, Some("1 step depends on something withheld".to_owned())),
        RunStatus::Rehearsed { unknown } => (Mark::Unknown, Some(format!("{unknown} steps depend on something withheld"))),
        RunStatus::Unknowable { message } => (Mark::Unknown, Some(message.clone())),
        RunStatus::RolledBack => (Mark::RolledBack, None),
        RunStatus::Failed { at: Some(path), message } => {
            (Mark::Failed, Some(format!("at `{}`: {}", path.told(), brief(message))))
        }
        RunStatus::Failed { at: None, message } => (Mark::Failed, Some(message.clone())),
        RunStatus::Stuck { at, message } => (Mark::Failed, Some(format!("at `{}`: {message}", at.told()))),
        RunStatus::Mismatch { at: path } => {
            (Mark::Failed, Some(format!("at `{}`: what the script asks for is not what was recorded", path.told())))
        }
        RunStatus::Declined { at: path } => (Mark::Failed, at(path)),
        RunStatus::InDoubt { at: path } => (Mark::InDoubt, Some(format!("nobody knows whether `{}` took effect", path.told()))),
        RunStatus::Suspended { at: path } => (Mark::Waiting, Some(format!("for an answer to `{}`", path.told()))),
        RunStatus::Abandoned { why } => (Mark::Skipped, Some(why.clone())),
        RunStatus::Running | RunStatus::RollingBack | RunStatus::Interrupted => (Mark::Waiting, None),
    }
}

/// The beginning of a message that stands in full where the step failed.
fn brief(message: &str) -> String {
    let Some((end, _)) = message.char_indices().nth(LONGEST_WHY) else { return message.to_owned() };
    // A word that is cut in two reads like a mistake.
    let end = message[..end].rfind(char::is_whitespace).filter(|space| *space > end / 2).unwrap_or(end);
    format!("{}…", message[..end].trim_end_matches(|c: char| c.is_whitespace() || c.is_ascii_punctuation()))
}

/// Commands to type now, the most likely one first, each with what it is for.
fn next(
    run: RunId,
    status: &RunStatus,
    session: &Session<'_>,
    started: Option<&RunStarted>,
    tally: &Tally,
) -> Vec<(String, &'static str)> {
    // A rehearsal changed nothing: there is nothing to go on with or to take back.
    if let Some(started) = started.filter(|started| started.mode == Mode::Rehearsal) {
        return match status {
            RunStatus::Rehearsed { unknown: 0 } if tally.lacks > 0 => {
                vec![(exec(started), "run it, if a step before makes what is missing")]
            }
            RunStatus::Rehearsed { unknown: 0 } => vec![(exec(started), "run it")],
            _ => vec![(format!("{} --dry-run", exec(started)), "rehearse it again")],
        };
    }
    let resume = (format!("runbook resume {run}"), "go on");
    let rollback = (format!("runbook rollback {run}"), "take back what was done");
    let adopt = |what_for| (format!("runbook resume {run} --adopt"), what_for);
    let changed = tally.reversible > 0;
    let mut next = match status {
        RunStatus::Completed | RunStatus::Abandoned { .. } => Vec::new(),
        RunStatus::Rehearsed { .. } | RunStatus::Unknowable { .. } | RunStatus::RolledBack => Vec::new(),
        // The run has pinned its source: mending the file alone would end in the same mistake again.
        RunStatus::Failed { at: None, .. } => {
            vec![adopt("once the runbook is mended: go on with the edited one"), resume]
        }
        // It may be the world that answered otherwise, or a mistake in the closure: nobody but a person can tell.
        RunStatus::Failed { .. } if tally.failed_in_script => {
            vec![resume, adopt("if the runbook was wrong and is mended: go on with the edited one")]
        }
        RunStatus::Declined { .. } => vec![(resume.0, "ask again")],
        RunStatus::Interrupted if session.declined => vec![(resume.0, "end it, as the answer says")],
        RunStatus::Failed { .. } | RunStatus::Interrupted | RunStatus::Running => vec![resume],
        RunStatus::RollingBack => vec![(format!("runbook resume {run}"), "go on rolling back")],
        RunStatus::Suspended { .. } if session.until.is_some_and(|(_, is_over)| is_over) => {
            vec![(resume.0, "do what the runbook says for when nobody answers in time")]
        }
        RunStatus::Suspended { .. } => vec![(
            format!("runbook answer {run}"),
            if session.meant.is_some() { "for whoever is meant: answer it" } else { "answer it" },
        )],
        RunStatus::InDoubt { at } => {
            let step = quoted(&at.to_string());
            let again = if session.purpose == Some(Purpose::Rollback) { rollback.0.clone() } else { resume.0 };
            let ask = session.settles.then_some((again, "ask its `settled_by`"));
            let say = [
                (format!("runbook resolve {run} {step} did --why '…'"), "it took effect"),
                (format!("runbook resolve {run} {step} did-not --why '…'"), "it did not"),
            ];
            ask.into_iter().chain(say).collect()
        }
        RunStatus::Stuck { at, .. } => stuck(run, at),
        // What to do depends on whether the source was edited, and whoever refuses it says so.
        RunStatus::Mismatch { .. } => Vec::new(),
    };
    if changed
        && matches!(status, RunStatus::Completed | RunStatus::Failed { .. } | RunStatus::Declined { .. } | RunStatus::Interrupted)
    {
        next.push(rollback);
    }
    next
}

/// What to type about a rollback that failed. The steps of a block stand in the source, which the run has pinned: mending the file alone
/// would end in the same mistake again. A change that is data stands in the journal, and no edit reaches it.
fn stuck(run: RunId, at: &StepPath) -> Vec<(String, &'static str)> {
    let rollback = (format!("runbook rollback {run}"), "once the cause is mended: go on rolling back");
    let owed = (format!("runbook rollback {run} --dry-run"), "what is still owed, newest first");
    let adopt = |what_for| (format!("runbook resume {run} --adopt"), what_for);
    if !at.is_rollback() {
        return vec![adopt("once the runbook is mended: go on rolling back with the edited one"), rollback, owed];
    }
    if at.is_part() {
        return vec![rollback, owed];
    }
    vec![rollback, adopt("if the block was wrong and is mended: go on with the edited one"), owed]
}

/// The command that does for real what was rehearsed.
fn exec(started: &RunStarted) -> String {
    let mut command = format!("runbook exec {}", quoted(&started.runbook));
    for (name, given) in started.params.iter().filter(|(_, given)| given.origin != Origin::Fallback) {
        let value = given.value.as_str().map_or_else(|| given.value.to_string(), str::to_owned);
        command.push_str(&format!(" -p {}", quoted(&format!("{name}={value}"))));
    }
    if let Some(env) = &started.env {
        command.push_str(&format!(" --env {}", quoted(env)));
    }
    command
}
