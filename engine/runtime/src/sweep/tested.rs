//! A runbook performed once for a test of its own, and rolled back.

use std::cell::RefCell;
use std::rc::Rc;

use runbook_model::Value;
use runbook_model::answer::{Answer, Said};
use runbook_model::entry::{Entry, Record};
use runbook_model::outcome::Outcome;
use runbook_model::status::RunStatus;
use runbook_model::step::{Location, StepKind};

use super::Subject;
use super::baseline::because;
use super::oracle::Deed;
use super::scratch::{NoScratch, Scratch};
use super::trial::{Ended, Trial};
use crate::report::Reporter;
use crate::script::testing::{Asked, Ran, RanStep, RolledBack};
use crate::world::scripted::Unanswered;

/// Where what people are shown is kept.
pub type Shown = Rc<RefCell<Vec<u8>>>;

/// A runbook that could not be performed for a test.
#[derive(Debug, thiserror::Error)]
pub enum Untested {
    /// There is no place for its runs.
    #[error(transparent)]
    Scratch(#[from] NoScratch),
    /// The place for its runs failed.
    #[error("the runs of a test cannot be kept: {0}")]
    Io(#[from] std::io::Error),
    /// The test does not say what a look sees, or what a person answers.
    #[error("the test does not say everything that the runbook asks for")]
    Unanswered(Vec<Unanswered>),
    /// The engine failed.
    #[error("the engine failed: {0}")]
    Fault(String),
}

/// Performs the subject, and rolls it back. `audience` makes who is told, and writes what people are shown.
///
/// # Errors
/// [`Untested`]. That a step failed is none: tests are about that, too.
pub fn tested(subject: &Subject, audience: &dyn Fn(Shown) -> Box<dyn Reporter>) -> Result<Ran, Untested> {
    let scratch = Scratch::new()?;
    let mut trial = Trial::new(subject, &scratch, (subject.world)())?;
    let shown = Shown::default();
    trial.audience = Some(audience(Rc::clone(&shown)));
    let status = ended(trial.exec(None))?;
    if !trial.unanswered().is_empty() {
        return Err(Untested::Unanswered(trial.unanswered()));
    }
    let (records, deeds) = (trial.records(), trial.deeds());
    let back = back(&mut trial, &status, deeds.len())?;
    let mut ran = read(&records);
    ran.places.extend(places(&trial.records()));
    ran.status = status.word().to_owned();
    ran.message = because(&status).trim_start_matches([':', ' ']).to_owned();
    ran.at = at(&status);
    // A run that took itself back ended well, and yet a test wants to know what made it turn round.
    if let (RunStatus::RolledBack, Some(failed)) = (&status, ran.steps.iter().rfind(|step| step.is_forward_failure())) {
        (ran.at, ran.message) = (failed.path.clone(), failed.message.clone());
    }
    ran.changes = lines(&deeds);
    ran.shown = String::from_utf8_lossy(&shown.borrow()).into_owned();
    ran.back = back;
    Ok(ran)
}

fn back(trial: &mut Trial<'_>, status: &RunStatus, before: usize) -> Result<RolledBack, Untested> {
    if let RunStatus::RolledBack | RunStatus::Stuck { .. } = status {
        let deeds: Vec<_> = trial.deeds().into_iter().filter(|deed| deed.path.is_rollback()).collect();
        return Ok(RolledBack { status: status.word().to_owned(), message: because(status), changes: lines(&deeds) });
    }
    let turned = trial.roll_back(None);
    if !trial.unanswered().is_empty() {
        return Err(Untested::Unanswered(trial.unanswered()));
    }
    let changes = lines(&trial.deeds()[before..]);
    Ok(match turned {
        Ended::Status(status) => RolledBack {
            status: status.word().to_owned(),
            message: because(&status).trim_start_matches([':', ' ']).to_owned(),
            changes,
        },
        Ended::Fault(why) => RolledBack { status: "refused".to_owned(), message: why, changes },
        Ended::Died => return Err(Untested::Fault("it was killed".to_owned())),
    })
}

fn ended(ended: Ended) -> Result<RunStatus, Untested> {
    match ended {
        Ended::Status(status) => Ok(status),
        Ended::Fault(fault) => Err(Untested::Fault(fault)),
        Ended::Died => Err(Untested::Fault("it was killed".to_owned())),
    }
}

fn lines(deeds: &[Deed]) -> Vec<String> {
    deeds.iter().map(|deed| format!("{}{}", deed.line, if deed.done { "" } else { " (failed)" })).collect()
}

fn at(status: &RunStatus) -> String {
    match status {
        RunStatus::Failed { at: Some(at), .. }
        | RunStatus::Stuck { at, .. }
        | RunStatus::Suspended { at }
        | RunStatus::Declined { at }
        | RunStatus::InDoubt { at }
        | RunStatus::Mismatch { at } => at.to_string(),
        _ => String::new(),
    }
}

/// Where in the sources steps stand.
fn places(records: &[Record]) -> Vec<Location> {
    records
        .iter()
        .filter_map(|record| match &record.entry {
            Entry::StepIntended(intent) => Some(intent.location.clone()),
            Entry::RollbackOwed { location, .. } => Some(location.clone()),
            _ => None,
        })
        .collect()
}

fn read(records: &[Record]) -> Ran {
    let mut ran = Ran::default();
    for record in records {
        match &record.entry {
            Entry::StepIntended(intent) if intent.attempt == runbook_model::id::Attempt::FIRST => {
                let kind = intent.spec.kind_word();
                if let StepKind::Confirm(confirm) = &intent.spec.kind {
                    let details = confirm.details.clone().unwrap_or_default();
                    ran.asked.push(Asked { question: intent.spec.name.clone(), details });
                }
                ran.steps.push(RanStep {
                    path: intent.path.to_string(),
                    name: intent.spec.name.clone(),
                    kind,
                    outcome: "open",
                    value: Value::Null,
                    message: String::new(),
                });
            }
            Entry::StepEnded(end) => {
                let path = end.path.to_string();
                if let Some(step) = ran.steps.iter_mut().find(|step| step.path == path) {
                    (step.outcome, step.value, step.message) = outcome(&end.outcome);
                }
            }
            Entry::StepSkipped { path, .. } => {
                let path = path.to_string();
                if let Some(step) = ran.steps.iter_mut().find(|step| step.path == path) {
                    step.outcome = "skipped";
                }
            }
            Entry::Noted { text, .. } => ran.printed.push(text.clone()),
            _ => {}
        }
    }
    ran
}

fn outcome(outcome: &Outcome) -> (&'static str, Value, String) {
    match outcome {
        Outcome::Succeeded(answer) => ("succeeded", value(answer), String::new()),
        Outcome::Failed(failure) => ("failed", Value::Null, failure.line()),
        Outcome::Missed(failure) => ("missed", Value::Null, failure.line()),
        Outcome::Withheld { assumed } => ("withheld", assumed.clone().unwrap_or(Value::Null), String::new()),
        Outcome::Unknown { because } => ("unknown", Value::Null, because.clone()),
    }
}

/// What the script got, as far as it is a plain value.
fn value(answer: &Answer) -> Value {
    match answer {
        Answer::Nothing | Answer::Written => Value::Null,
        Answer::Value(value) => value.clone(),
        Answer::Exited(exited) => exited.stdout.head.as_str().unwrap_or_default().trim_end_matches('\n').into(),
        Answer::Response(response) => response.body.as_str().unwrap_or_default().into(),
        Answer::Said(Said::Yes) => true.into(),
        Answer::Said(Said::No) => false.into(),
        Answer::Said(Said::Chose(text) | Said::Entered(text)) => text.clone().into(),
    }
}
