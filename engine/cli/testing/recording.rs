//! A test that is written down from a real run.

use std::collections::BTreeMap;

use runbook_model::Value;
use runbook_model::answer::{Answer, ExitStatus, Said};
use runbook_model::entry::{Entry, Intent, Purpose, Record, RunStarted};
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
    for step in &went.steps {
        if let Some(answers) = step.given() {
            text.push_str(&format!("    given({}, {answers});\n", quoted(&step.path)));
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
    text.push_str(&went.expected());
    text.push_str("});\n");
    Ok(text)
}

/// How the way forwards ended, in the word of [`RunStatus::word`].
fn forwards(records: &[Record], status: &RunStatus) -> Result<&'static str, String> {
    let turned = records.iter().position(|record| matches!(record.entry, Entry::RollbackStarted { .. }));
    let before = &records[..turned.unwrap_or(records.len())];
    let last = |wanted: fn(&Entry) -> bool| before.iter().rev().map(|record| &record.entry).find(|entry| wanted(entry));
    let sitting = last(|entry| matches!(entry, Entry::SessionStarted(_)));
    let came_back = matches!(sitting, Some(Entry::SessionStarted(session)) if session.purpose == Purpose::Rollback);
    match turned.map(|at| &records[at].entry) {
        Some(Entry::RollbackStarted { by: Decider::Runbook, .. }) => return Ok(RunStatus::RolledBack.word()),
        // A person chose so where it had failed.
        Some(_) if !came_back => return Ok("failed"),
        _ => {}
    }
    let ended = match last(|entry| matches!(entry, Entry::SessionEnded { .. })) {
        Some(Entry::SessionEnded { status }) => status,
        _ => status,
    };
    match ended {
        RunStatus::Suspended { .. } if before.iter().any(asks_in_time) => {
            Err("it waits at a question with a deadline, and in a test that passes at once".to_owned())
        }
        RunStatus::Completed | RunStatus::Declined { .. } | RunStatus::Suspended { .. } | RunStatus::Failed { .. } => {
            Ok(ended.word())
        }
        _ => Err(format!("it is {}: only a run that came to an end by itself can be played again", ended.word())),
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
    steps: Vec<Step>,
    /// Where each stands among them, by its path.
    index: BTreeMap<String, usize>,
    /// Whether it had branches, whose steps come in another order each time.
    branched: bool,
}

struct Step {
    path: String,
    name: String,
    is_question: bool,
    /// What became of each attempt that counts, as `given` says it.
    attempts: Vec<Option<String>>,
}

impl Went {
    fn of(records: &[Record], whole: bool) -> Self {
        let mut went = Self::default();
        for record in records {
            match &record.entry {
                Entry::ParallelEntered(_) => went.branched = true,
                Entry::StepIntended(intent) if whole || !intent.path.is_rollback() => went.begin(intent),
                Entry::StepEnded(end) => {
                    if let Some(step) = went.step(&end.path) {
                        step.attempts.push(answer(&end.outcome));
                    }
                }
                // Nobody tries again in a test: what counts is how the step went after somebody had said so.
                Entry::StepResolved { path, .. } => went.forget(path),
                Entry::StepRetried { path, by } if *by != Decider::Runbook => went.forget(path),
                _ => {}
            }
        }
        went
    }

    fn begin(&mut self, intent: &Intent) {
        let path = intent.path.to_string();
        if self.index.contains_key(&path) {
            return;
        }
        self.index.insert(path.clone(), self.steps.len());
        let is_question = matches!(intent.spec.kind, StepKind::Confirm(_));
        self.steps.push(Step { path, name: intent.spec.name.clone(), is_question, attempts: Vec::new() });
    }

    fn step(&mut self, path: &StepPath) -> Option<&mut Step> {
        self.steps.get_mut(*self.index.get(&path.to_string())?)
    }

    fn forget(&mut self, path: &StepPath) {
        if let Some(step) = self.step(path) {
            step.attempts.clear();
        }
    }

    /// What the steps are compared with.
    fn expected(&self) -> String {
        let mut names: Vec<&str> = self.steps.iter().map(|step| step.name.as_str()).collect();
        if !self.branched {
            return format!("    assert_eq(ran.steps, {});\n", literal(&Value::from(names)));
        }
        names.sort_unstable();
        format!(
            "    // Branches come in another order each time.\n    let steps = ran.steps;\n    steps.sort();\n    assert_eq(steps, {});\n",
            literal(&Value::from(names))
        )
    }
}

impl Step {
    /// What `given` takes: one answer, or as many as there were attempts; `None` when the step went as it does without a word.
    fn given(&self) -> Option<String> {
        let told = |answer: &Option<String>| format!("#{{ {} }}", answer.as_deref().unwrap_or("exits: 0"));
        match self.attempts.as_slice() {
            [] if self.is_question => Some("#{ says: \"nothing\" }".to_owned()),
            // A question that was asked again counts as it was answered last.
            [.., last] if self.is_question => last.is_some().then(|| told(last)),
            attempts if attempts.iter().all(Option::is_none) => None,
            [only] => Some(told(only)),
            several => Some(format!("[{}]", several.iter().map(told).collect::<Vec<_>>().join(", "))),
        }
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
