//! What happened to a step, in pieces of text that any layout can show. Texts are as they came.

use runbook_model::Value;
use runbook_model::account::{AttemptAccount, StepAccount};
use runbook_model::answer::{Answer, Exited, KillReceipt, Process};
use runbook_model::change::{Change, FileBefore};
use runbook_model::entry::Verdict;
use runbook_model::excerpt::Excerpt;
use runbook_model::failure::Failure;
use runbook_model::outcome::Outcome;
use runbook_model::secret;
use runbook_model::step::{RollbackPlan, StepKind};

use crate::output::difference::difference;
use crate::output::screen::cut;

/// A longer difference is cut here: the file itself says the rest.
const MOST_LINES: usize = 200;

/// A line about how something ended is cut here, in columns; what does not fit into it is a piece of its own.
pub(super) const LONGEST: usize = 400;

/// Something to read about a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// One line under a name.
    Fact(&'static str, String),
    /// What a program printed or a server answered: any bytes, with what was left out between them.
    Output {
        /// Of what: `standard output`, `body`.
        name: &'static str,
        /// How many bytes there were.
        size: u64,
        /// The first of them, or all.
        head: Vec<u8>,
        /// The last of them, and how many are missing in between.
        tail: Option<(u64, Vec<u8>)>,
    },
    /// Two texts, line by line: each line with the sign that it has in a diff.
    Diff(&'static str, Vec<(char, String)>),
}

/// What was to be done: the change as it was made, and what rolls it back.
#[must_use]
pub fn asked(attempt: &AttemptAccount) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let fact = |name, text: String| Piece::Fact(name, text);
    match &attempt.intent.spec.kind {
        StepKind::Command(command) => {
            change(attempt.intent.change.as_ref().unwrap_or(&command.change), &mut pieces);
            let owes: Vec<_> = attempt.intent.owes.iter().map(Change::line).collect();
            if !attempt.intent.path.is_rollback() {
                pieces.push(fact("rollback", if owes.is_empty() { plan(&command.rollback) } else { owes.join("; then ") }));
            }
            if command.idempotent {
                pieces.push(fact("idempotent", "running it twice is the same as running it once".to_owned()));
            }
            if command.settled_by {
                pieces.push(fact("settled by", "a check of the script that can tell whether it took effect".to_owned()));
            }
            pieces.extend(command.timeout.map(|timeout| fact("stopped after", timeout.to_string())));
        }
        StepKind::Confirm(confirm) => {
            pieces.extend(confirm.details.as_ref().map(|details| fact("details", details.clone())));
            if !confirm.choices.is_empty() {
                pieces.push(fact("choices", confirm.choices.join(", ")));
            }
            if !confirm.by.is_empty() {
                pieces.push(fact("may answer", confirm.by.join(", ")));
            }
            pieces.extend(confirm.quorum.map(|quorum| fact("quorum", quorum.to_string())));
            pieces.extend(confirm.deadline.map(|deadline| fact("deadline", deadline.to_string())));
        }
        StepKind::Check(check) => {
            pieces.extend(check.within.map(|within| fact("within", within.to_string())));
            pieces.extend(check.during.map(|during| fact("during", during.to_string())));
            pieces.extend(check.expect.as_ref().map(|expect| fact("expected", expect.to_string())));
        }
        StepKind::Rollback(_) => {}
    }
    let location = &attempt.intent.location;
    if !location.file.is_empty() {
        pieces.push(fact("stands at", format!("{}:{}:{}", location.file, location.line, location.column)));
    }
    pieces
}

/// What came of it.
#[must_use]
pub fn came_of(attempt: &AttemptAccount) -> Vec<Piece> {
    let mut pieces = Vec::new();
    if let Some(looks) = attempt.looks.filter(|looks| *looks > 1) {
        pieces.push(Piece::Fact("looks", looks.to_string()));
    }
    for observed in &attempt.observed {
        pieces.push(Piece::Fact("saw", format!("{}: {} ({} ms)", observed.what, observed.saw, observed.millis)));
    }
    let told = in_words(attempt);
    let is_cut = cut(&told, LONGEST) != told;
    match &attempt.outcome {
        Some(Outcome::Succeeded(answer)) => answered(answer, is_cut, &mut pieces),
        Some(Outcome::Failed(failure) | Outcome::Missed(failure)) => failed(failure, is_cut, &mut pieces),
        Some(Outcome::Withheld { assumed: Some(assumed) }) => {
            pieces.push(Piece::Fact("taken instead", assumed.to_string()));
        }
        Some(Outcome::Unknown { because }) if is_cut => pieces.extend(output("reason", &Excerpt::of(because.as_bytes()))),
        Some(Outcome::Withheld { assumed: None } | Outcome::Unknown { .. }) | None => {}
    }
    if let Some(resolved) = &attempt.resolved {
        let verdict = match resolved.verdict {
            Verdict::Did => "it took effect",
            Verdict::DidNot => "it did not take effect",
        };
        let by = resolved.by.line();
        pieces.push(Piece::Fact("settled", format!("{verdict}, says {by} at {:.0}: {}", resolved.at, resolved.why)));
    }
    pieces
}

/// How an attempt ended, in a few words: a check may see a whole file, and so may its failure.
#[must_use]
pub fn ending(attempt: &AttemptAccount) -> String {
    cut(&in_words(attempt), LONGEST)
}

fn in_words(attempt: &AttemptAccount) -> String {
    match &attempt.outcome {
        Some(Outcome::Succeeded(Answer::Value(value))) if !value.is_boolean() && !value.is_null() => {
            format!("= {}", value.as_str().map_or_else(|| value.to_string(), str::to_owned))
        }
        Some(Outcome::Succeeded(Answer::Exited(exited))) => Failure::Exited(exited.clone()).line(),
        Some(Outcome::Succeeded(Answer::Response(response))) => format!("the server answered {}", response.status),
        Some(Outcome::Succeeded(Answer::Said(said))) => said.line(),
        Some(Outcome::Succeeded(_)) => "done".to_owned(),
        Some(Outcome::Failed(failure) | Outcome::Missed(failure)) => failure.line(),
        Some(Outcome::Withheld { .. }) => "withheld".to_owned(),
        Some(Outcome::Unknown { because }) => because.clone(),
        None if matches!(attempt.intent.spec.kind, StepKind::Confirm(_)) => "it waits for an answer".to_owned(),
        None => "nobody wrote down how it ended".to_owned(),
    }
}

/// How a step ended, in a few words: like its last attempt, or as it is owed.
#[must_use]
pub fn step_ending(step: &StepAccount) -> String {
    match (step.last(), &step.plan) {
        (Some(attempt), _) => match &attempt.resolved {
            Some(resolved) => format!("{}: {}", resolved.by.line(), resolved.why),
            None => ending(attempt),
        },
        (None, Some(owed)) => format!("owed from here on: {}", plan(owed)),
        (None, None) => String::new(),
    }
}

fn plan(plan: &RollbackPlan) -> String {
    match plan {
        RollbackPlan::Undeclared => "none declared: what it did stays".to_owned(),
        RollbackPlan::Nothing => "nothing to do, says the runbook".to_owned(),
        RollbackPlan::Changes(changes) => changes.iter().map(Change::line).collect::<Vec<_>>().join("; then "),
        RollbackPlan::Restore => "the file as it was".to_owned(),
        RollbackPlan::Block => "steps of the runbook".to_owned(),
    }
}

fn change(change: &Change, pieces: &mut Vec<Piece>) {
    let mut fact = |name, text: String| pieces.push(Piece::Fact(name, text));
    match change {
        Change::Run(invocation) => {
            fact("runs", invocation.line());
            if let Some(cwd) = &invocation.cwd {
                fact("in", cwd.clone());
            }
            for (name, value) in &invocation.env {
                fact("with", format!("{name}={value}"));
            }
            for (name, content) in &invocation.env_files {
                fact("with", format!("{name}=a file of {content}"));
            }
            if let Some(stdin) = &invocation.stdin {
                fact("reads", format!("{} bytes", stdin.len()));
            }
        }
        Change::Write(write) => {
            fact("writes", write.path.clone());
            if let Some(mode) = write.mode {
                fact("mode", format!("{mode:04o}"));
            }
            let before = match &write.before {
                Some(FileBefore::Present { content, .. }) => content.as_str(),
                // What stood there is as secret as what is written, and cannot be shown here.
                Some(FileBefore::Absent | FileBefore::Sealed { .. }) => Some(""),
                None => None,
            };
            match before {
                Some(before) if before == write.content && matches!(write.before, Some(FileBefore::Present { .. })) => {
                    fact("content", "its content was so already".to_owned());
                }
                Some(before) => pieces.push(Piece::Diff("content", difference(before, &write.content, MOST_LINES))),
                None => fact("content", format!("{} bytes", write.content.len())),
            }
        }
        Change::Restore(restore) => fact("puts back", restore.path.clone()),
        Change::Http(call) => {
            fact("sends", format!("{} {}", call.method, call.url));
            for (name, value) in &call.headers {
                fact("header", format!("{name}: {}", secret::header(name, value)));
            }
            match (&call.json, &call.body) {
                (Some(json), _) => fact("body", json.to_string()),
                (None, Some(body)) => fact("body", body.clone()),
                (None, None) => {}
            }
        }
    }
}

fn answered(answer: &Answer, is_cut: bool, pieces: &mut Vec<Piece>) {
    match answer {
        Answer::Exited(exited) => printed(exited, pieces),
        Answer::Response(response) => pieces.extend(body(&response.body.0)),
        Answer::Value(value) => pieces.extend(long("value", value, is_cut)),
        Answer::Nothing | Answer::Written | Answer::Said(_) => {}
    }
}

fn failed(failure: &Failure, is_cut: bool, pieces: &mut Vec<Piece>) {
    match failure {
        Failure::NotMet { saw, expected: Some(expected) } => {
            let text = |value: &Value| match value {
                Value::String(text) => text.clone(),
                value => serde_json::to_string_pretty(value).unwrap_or_default(),
            };
            pieces.push(Piece::Diff("expected and seen", difference(&text(expected), &text(saw), MOST_LINES)));
        }
        Failure::NotMet { saw, expected: None } => pieces.extend(long("seen", saw, is_cut)),
        Failure::Exited(exited) => printed(exited, pieces),
        Failure::TimedOut { receipt, exited, .. } | Failure::Stopped { receipt, exited } => {
            printed(exited, pieces);
            stopped(receipt, pieces);
        }
        Failure::Response(response) => pieces.extend(body(&response.body.0)),
        // The cause often stands at the end.
        _ if is_cut => pieces.extend(output("reason", &Excerpt::of(failure.line().as_bytes()))),
        _ => {}
    }
    if failure.effect_is_open() {
        pieces.push(Piece::Fact("effect", "it may have taken effect, in part or in whole".to_owned()));
    }
}

fn printed(exited: &Exited, pieces: &mut Vec<Piece>) {
    pieces.extend(output("standard output", &exited.stdout));
    pieces.extend(output("standard error", &exited.stderr));
    pieces.extend(exited.unkept.iter().map(|lost| Piece::Fact("lost output", lost.line())));
    if !exited.left_running.is_empty() {
        pieces.push(Piece::Fact("left running", listed(&exited.left_running)));
    }
}

fn stopped(receipt: &KillReceipt, pieces: &mut Vec<Piece>) {
    if !receipt.stopped.is_empty() {
        let how = if receipt.killed { "killed (SIGTERM was not enough)" } else { "stopped" };
        pieces.push(Piece::Fact("receipt", format!("{how}: {}", listed(&receipt.stopped))));
    }
    if !receipt.survived.is_empty() {
        pieces.push(Piece::Fact("receipt", format!("survived: {}", listed(&receipt.survived))));
    }
}

fn listed(processes: &[Process]) -> String {
    processes.iter().map(|process| format!("{} ({})", process.name, process.pid)).collect::<Vec<_>>().join(", ")
}

/// A text of several lines, or one of which the line about the end has a part only.
fn long(name: &'static str, value: &Value, is_cut: bool) -> Option<Piece> {
    let text = value.as_str().map_or_else(|| serde_json::to_string_pretty(value).unwrap_or_default(), str::to_owned);
    (is_cut || text.contains('\n')).then(|| output(name, &Excerpt::of(text.as_bytes()))).flatten()
}

fn body(bytes: &[u8]) -> Option<Piece> {
    output("body", &Excerpt::of(bytes))
}

fn output(name: &'static str, excerpt: &Excerpt) -> Option<Piece> {
    let tail = excerpt.tail.as_ref().map(|tail| (excerpt.dropped(), tail.0.clone()));
    (excerpt.size > 0).then(|| Piece::Output { name, size: excerpt.size, head: excerpt.head.0.clone(), tail })
}
