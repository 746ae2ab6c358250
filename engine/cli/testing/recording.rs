//! A test that is written down from a real run.

use std::collections::BTreeSet;

use runbook_model::Value;
use runbook_model::answer::{Answer, ExitStatus, Said};
use runbook_model::entry::{Entry, Record, RunStarted};
use runbook_model::failure::Failure;
use runbook_model::id::RunId;
use runbook_model::outcome::Outcome;
use runbook_model::parameter::Origin;
use runbook_model::path::StepPath;
use runbook_model::person::Decider;
use runbook_model::status::RunStatus;
use runbook_model::step::StepKind;

use crate::literal::{literal, quoted};

/// The text of a test that plays a run again: its parameters and settings, what its checks gave, how its commands went, what
/// people answered. It expects the same steps and the same end: that of its way forwards, for a test is rolled back anyway.
///
/// # Errors
/// The run has no such end, and says why: a test cannot be interrupted where it was.
pub fn recorded(run: RunId, started: &RunStarted, records: &[Record], status: &RunStatus) -> Result<String, String> {
    let end = forwards(records, status)?;
    let day = records.first().map(|record| record.at.to_string()).unwrap_or_default();
    let day = day.split('T').next().unwrap_or_default();
    let mut text =
        format!("//! Recorded from run {run} of {day}. Read it before it is committed: it holds what the run has seen.\n\n");
    if !started.settings.is_empty() {
        text.push_str(&format!("given(#{{ settings: {} }});\n\n", literal(&Value::Object(started.settings.clone()))));
    }
    if !started.hosts.is_empty() {
        let groups = started.hosts.iter().map(|(group, hosts)| (group.clone(), Value::from(hosts.clone()))).collect();
        text.push_str(&format!("given(#{{ hosts: {} }});\n\n", literal(&Value::Object(groups))));
    }
    text.push_str(&format!("test({}, || {{\n", quoted(&format!("as in run {run}"))));
    // A run that takes itself back does so in its test as well; what a person took back later is no part of it.
    let whole = end == RunStatus::RolledBack.word();
    let went = Went::of(records, whole);
    for (path, answers) in &went.answers {
        if let Some(answers) = given(answers) {
            text.push_str(&format!("    given({}, {answers});\n", quoted(path)));
        }
    }
    let params: serde_json::Map<_, _> = started
        .params
        .iter()
        .filter(|(_, given)| given.origin != Origin::Fallback)
        .map(|(name, given)| (name.clone(), given.value.clone()))
        .collect();
    let params = if params.is_empty() { String::new() } else { literal(&Value::Object(params)) };
    text.push_str(&format!("\n    let ran = run({params});\n"));
    text.push_str(&format!("    assert_eq(ran.status, {});\n", quoted(end)));
    text.push_str(&went.steps());
    text.push_str("});\n");
    Ok(text)
}

/// How the way forwards ended, in the word of [`RunStatus::word`].
fn forwards(records: &[Record], status: &RunStatus) -> Result<&'static str, String> {
    let turned = records.iter().position(|record| matches!(record.entry, Entry::RollbackStarted { .. }));
    if let Some(Entry::RollbackStarted { by: Decider::Runbook, .. }) = turned.map(|at| &records[at].entry) {
        return Ok(RunStatus::RolledBack.word());
    }
    let before = &records[..turned.unwrap_or(records.len())];
    let ended = before.iter().rev().find_map(|record| match &record.entry {
        Entry::SessionEnded { status } => Some(status),
        _ => None,
    });
    // Turned around in the session in which it failed, the failure is the last thing before it.
    let failed = before.iter().rev().find_map(|record| match &record.entry {
        Entry::StepEnded(end) => match &end.outcome {
            Outcome::Failed(Failure::Declined { .. }) => Some("declined"),
            Outcome::Failed(_) | Outcome::Missed(_) => Some("failed"),
            _ => None,
        },
        _ => None,
    });
    match (turned, ended.unwrap_or(status)) {
        (_, RunStatus::Suspended { .. }) if before.iter().any(asks_in_time) => {
            Err("it waits at a question with a deadline, and in a test that passes at once".to_owned())
        }
        (_, ended @ (RunStatus::Completed | RunStatus::Declined { .. } | RunStatus::Suspended { .. })) => Ok(ended.word()),
        (_, ended @ RunStatus::Failed { .. }) => Ok(ended.word()),
        (Some(_), _) if failed.is_some() => Ok(failed.unwrap_or_default()),
        (_, ended) => Err(format!("it is {}: only a run that came to an end by itself can be played again", ended.word())),
    }
}

/// Whether a question with a deadline is asked here.
fn asks_in_time(record: &Record) -> bool {
    let Entry::StepIntended(intent) = &record.entry else { return false };
    matches!(&intent.spec.kind, StepKind::Confirm(confirm) if confirm.deadline.is_some())
}

/// The steps of a run, and how the attempts at each went.
#[derive(Default)]
struct Went {
    names: Vec<Value>,
    answers: Vec<(String, Vec<Option<String>>)>,
    /// Whether it had branches, whose steps come in another order each time.
    branched: bool,
}

impl Went {
    fn of(records: &[Record], whole: bool) -> Self {
        let (mut went, mut open) = (Self::default(), BTreeSet::new());
        for record in records {
            match &record.entry {
                Entry::ParallelEntered(_) => went.branched = true,
                Entry::StepIntended(intent) if whole || !intent.path.is_rollback() => {
                    let path = intent.path.to_string();
                    if !went.answers.iter().any(|(known, _)| *known == path) {
                        went.names.push(Value::from(intent.spec.name.clone()));
                        went.answers.push((path.clone(), Vec::new()));
                    }
                    if matches!(intent.spec.kind, StepKind::Confirm(_)) {
                        open.insert(path);
                    }
                }
                Entry::StepEnded(end) if whole || !end.path.is_rollback() => {
                    let path = end.path.to_string();
                    open.remove(&path);
                    if let Some((_, answers)) = went.answers.iter_mut().find(|(known, _)| *known == path) {
                        answers.push(answer(&end.outcome));
                    }
                }
                // Nobody tries again in a test: what counts is how the step went after somebody had said so.
                Entry::StepRetried { path, by } if *by != Decider::Runbook => went.forget(path),
                Entry::StepResolved { path, .. } => went.forget(path),
                _ => {}
            }
        }
        // A question that still waits.
        for (_, answers) in went.answers.iter_mut().filter(|(path, _)| open.contains(path)) {
            answers.push(Some("says: \"nothing\"".to_owned()));
        }
        went
    }

    fn forget(&mut self, path: &StepPath) {
        let path = path.to_string();
        self.answers.iter_mut().filter(|(known, _)| *known == path).for_each(|(_, answers)| answers.clear());
    }

    /// What the steps are compared with.
    fn steps(mut self) -> String {
        if !self.branched {
            return format!("    assert_eq(ran.steps, {});\n", literal(&Value::Array(self.names)));
        }
        self.names.sort_by_key(ToString::to_string);
        let names = literal(&Value::Array(self.names));
        format!(
            "    // Branches come in another order each time.\n    let steps = ran.steps;\n    steps.sort();\n    assert_eq(steps, {names});\n"
        )
    }
}

/// The answers of one step: one, or as many as it had attempts. A question that was asked again is answered as it was last.
fn given(answers: &[Option<String>]) -> Option<String> {
    let told =
        |answer: &Option<String>| answer.as_ref().map_or_else(|| "#{ exits: 0 }".to_owned(), |answer| format!("#{{ {answer} }}"));
    match answers {
        [] => None,
        [only] => only.is_some().then(|| told(only)),
        [.., Some(last)] if last.starts_with("says:") || last.starts_with("chooses:") || last.starts_with("enters:") => {
            Some(format!("#{{ {last} }}"))
        }
        several if several.iter().all(Option::is_none) => None,
        several => Some(format!("[{}]", several.iter().map(told).collect::<Vec<_>>().join(", "))),
    }
}

/// How a step went, as `given` says it; `None` when there is nothing to say.
fn answer(outcome: &Outcome) -> Option<String> {
    Some(match outcome {
        Outcome::Succeeded(Answer::Value(value)) => format!("gives: {}", literal(value)),
        Outcome::Succeeded(Answer::Exited(exited)) => {
            let printed = exited.stdout.head.as_str().unwrap_or_default();
            if printed.is_empty() {
                return None;
            }
            format!("prints: {}", quoted(printed))
        }
        Outcome::Succeeded(Answer::Response(response)) => {
            format!("status: {}, body: {}", response.status, quoted(response.body.as_str().unwrap_or_default()))
        }
        Outcome::Succeeded(Answer::Said(said)) => match said {
            Said::Yes => return None,
            Said::No => "says: \"no\"".to_owned(),
            Said::Chose(choice) => format!("chooses: {}", quoted(choice)),
            Said::Entered(text) => format!("enters: {}", quoted(text)),
        },
        Outcome::Failed(Failure::Exited(exited)) => {
            let code = match exited.status {
                ExitStatus::Code(code) => code,
                ExitStatus::Signal(signal) => 128 + signal,
            };
            format!("exits: {code}, complains: {}", quoted(exited.stderr.head.as_str().unwrap_or_default()))
        }
        Outcome::Failed(Failure::Response(response)) => {
            format!("status: {}, body: {}", response.status, quoted(response.body.as_str().unwrap_or_default()))
        }
        Outcome::Failed(Failure::Declined { .. }) => "says: \"no\"".to_owned(),
        Outcome::Failed(Failure::Unanswered { .. }) => "says: \"nothing\"".to_owned(),
        Outcome::Failed(failure) | Outcome::Missed(failure) => format!("fails: {}", quoted(&failure.line())),
        Outcome::Succeeded(Answer::Nothing | Answer::Written) | Outcome::Withheld { .. } | Outcome::Unknown { .. } => {
            return None;
        }
    })
}
