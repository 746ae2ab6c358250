//! What came of performing a runbook, as a test sees it.

use rhai::{Array, Dynamic, Engine, Map, NativeCallContext};
use runbook_model::Value;
use runbook_model::step::Location;

use crate::script::diagnosis::code::Code;
use crate::script::diagnosis::complaint::{Called, Complaint};
use crate::script::values::json;

/// What came of performing a runbook.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Ran {
    /// What the run was at its end: `completed`, `failed`, `declined`, …
    pub status: String,
    /// Why it stopped, when it did not complete.
    pub message: String,
    /// The path of the step at which it stopped; empty when it did not.
    pub at: String,
    /// Its steps, in the order in which they were begun.
    pub steps: Vec<RanStep>,
    /// The changes that were made, in order, one line each.
    pub changes: Vec<String>,
    /// What people were asked.
    pub asked: Vec<Asked>,
    /// What the script printed.
    pub printed: Vec<String>,
    /// What people were shown, as on a terminal without colours.
    pub shown: String,
    /// What came of rolling it back afterwards.
    pub back: RolledBack,
    /// Where in the sources its steps and those of its rollback stand.
    pub places: Vec<Location>,
}

/// One step.
#[derive(Debug, Clone, PartialEq)]
pub struct RanStep {
    /// Where in the runbook.
    pub path: String,
    /// Its name.
    pub name: String,
    /// `check`, `command`, `confirm` or `rollback`.
    pub kind: &'static str,
    /// `succeeded`, `failed`, `missed`, or `open` when it never ended.
    pub outcome: &'static str,
    /// What it gave.
    pub value: Value,
    /// Why it failed.
    pub message: String,
}

impl RanStep {
    /// Whether it failed, and not in a rollback.
    #[must_use]
    pub fn is_forward_failure(&self) -> bool {
        self.outcome == "failed" && !self.path.starts_with("~rollback")
    }
}

/// A question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The question.
    pub question: String,
    /// What there was to read before answering.
    pub details: String,
}

/// What came of a rollback.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RolledBack {
    /// What the run was afterwards: `rolled back` or `stuck`, or why there was no rollback.
    pub status: String,
    /// Why it stopped.
    pub message: String,
    /// The changes that it made, in order, one line each.
    pub changes: Vec<String>,
}

/// The properties of what `run()` gives, for the documentation.
pub(super) fn register(engine: &mut Engine) {
    engine.register_type_with_name::<Ran>("what came of a run");
    engine.register_get("status", |ran: &mut Ran| ran.status.clone());
    engine.register_get("message", |ran: &mut Ran| ran.message.clone());
    engine.register_get("at", |ran: &mut Ran| ran.at.clone());
    engine.register_get("steps", |ran: &mut Ran| list(ran.steps.iter().map(|step| step.name.clone())));
    engine.register_get("paths", |ran: &mut Ran| list(ran.steps.iter().map(|step| step.path.clone())));
    engine.register_get("changes", |ran: &mut Ran| list(ran.changes.iter().cloned()));
    engine.register_get("asked", |ran: &mut Ran| {
        let map = |asked: &Asked| {
            Map::from([("question".into(), asked.question.clone().into()), ("details".into(), asked.details.clone().into())])
        };
        ran.asked.iter().map(|asked| Dynamic::from(map(asked))).collect::<Array>()
    });
    engine.register_get("printed", |ran: &mut Ran| list(ran.printed.iter().cloned()));
    engine.register_get("shown", |ran: &mut Ran| ran.shown.clone());
    engine.register_get("rollback", |ran: &mut Ran| ran.back.clone());
    engine.register_fn("step", step);
    engine.register_type_with_name::<RolledBack>("what came of a rollback");
    engine.register_get("status", |back: &mut RolledBack| back.status.clone());
    engine.register_get("message", |back: &mut RolledBack| back.message.clone());
    engine.register_get("changes", |back: &mut RolledBack| list(back.changes.iter().cloned()));
}

fn step(ctx: NativeCallContext, ran: &mut Ran, name: &str) -> Called<Map> {
    let called: Vec<_> = ran.steps.iter().filter(|step| step.name == name).collect();
    let exact = ran.steps.iter().find(|step| step.path == name);
    // Of those in one place the first is meant, as in a loop; which of several places comes first may change from run to run.
    if let (None, Some(first)) = (exact, called.first())
        && called.iter().any(|step| !is_beside(step, first))
    {
        let paths: Vec<_> = called.iter().map(|step| step.path.as_str()).collect();
        return Complaint::new(&ctx, Code::Expected, format!("steps in several places are called \"{name}\""))
            .help(format!("write the path of the one that is meant: {}", paths.join(", ")))
            .raise();
    }
    let Some(step) = exact.or_else(|| called.first().copied()) else {
        let steps: Vec<_> = ran.steps.iter().map(|step| step.path.as_str()).collect();
        return Complaint::new(&ctx, Code::Expected, format!("the run came to no step \"{name}\""))
            .help(format!("it came to: {}", steps.join(", ")))
            .raise();
    };
    Ok(Map::from([
        ("path".into(), step.path.clone().into()),
        ("name".into(), step.name.clone().into()),
        ("kind".into(), step.kind.into()),
        ("outcome".into(), step.outcome.into()),
        ("value".into(), json::played(&step.value)),
        ("message".into(), step.message.clone().into()),
    ]))
}

/// Whether both stand in the same phase, and in the same branch.
fn is_beside(one: &RanStep, other: &RanStep) -> bool {
    let parent = |step: &RanStep| step.path.rsplit_once('/').map(|(parent, _)| parent.to_owned());
    parent(one) == parent(other)
}

fn list(texts: impl Iterator<Item = String>) -> Array {
    texts.map(Dynamic::from).collect()
}
