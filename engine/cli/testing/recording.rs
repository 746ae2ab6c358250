//! A test that is written down from a real run.

use std::collections::BTreeSet;

use runbook_model::Value;
use runbook_model::answer::{Answer, ExitStatus, Said};
use runbook_model::entry::{Entry, Record, RunStarted};
use runbook_model::failure::Failure;
use runbook_model::id::RunId;
use runbook_model::outcome::Outcome;
use runbook_model::parameter::Origin;
use runbook_model::status::RunStatus;

use crate::literal::{literal, quoted};

/// The text of a test that plays a run again: its parameters and settings, what its checks gave, how its commands went, what
/// people answered. It expects the same steps and the same end.
#[must_use]
pub fn recorded(run: RunId, started: &RunStarted, records: &[Record], status: &RunStatus) -> String {
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
    let mut steps = Vec::new();
    let mut taken = BTreeSet::new();
    for record in records {
        match &record.entry {
            Entry::StepIntended(intent) if !intent.path.is_rollback() && taken.insert(intent.path.to_string()) => {
                steps.push(Value::from(intent.spec.name.clone()));
            }
            Entry::StepEnded(end) if !end.path.is_rollback() => {
                if let Some(answer) = answer(&end.outcome) {
                    text.push_str(&format!("    given({}, #{{ {answer} }});\n", quoted(&end.path.to_string())));
                }
            }
            _ => {}
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
    text.push_str(&format!("    assert_eq(ran.status, {});\n", quoted(status.word())));
    text.push_str(&format!("    assert_eq(ran.steps, {});\n}});\n", literal(&Value::Array(steps))));
    text
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
        Outcome::Failed(failure) | Outcome::Missed(failure) => format!("fails: {}", quoted(&failure.line())),
        Outcome::Succeeded(Answer::Nothing | Answer::Written) | Outcome::Withheld { .. } | Outcome::Unknown { .. } => {
            return None;
        }
    })
}
