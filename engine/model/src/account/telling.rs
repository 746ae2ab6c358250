//! From records to an account.

use std::collections::HashMap;

use jiff::Timestamp;
use serde::Serialize;

use super::step::between;
use super::{
    AttemptAccount, Decided, Decision, Note, Planned, Promise, Resolved, Signature, Sitting, Standing, StepAccount, Turn,
};
use crate::entry::{Entry, Record, RunStarted};
use crate::id::RunId;
use crate::path::StepPath;
use crate::person::Decider;
use crate::rollback;
use crate::state::{Illegal, RunState};
use crate::status::RunStatus;

/// Everything that happened to a run, as far as its records go.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Account {
    /// The run.
    pub run: RunId,
    /// What it is of.
    #[serde(flatten)]
    pub started: Box<RunStarted>,
    /// When it started.
    #[serde(rename = "started")]
    pub started_at: Timestamp,
    /// When its last record was written.
    #[serde(rename = "last")]
    pub last_at: Timestamp,
    /// When the last record was written that is no part of a review.
    pub worked_until: Timestamp,
    /// What it is.
    pub state: RunStatus,
    /// Whether it has come to its end, and nothing goes on forwards from there: also when a rollback of it did not begin.
    #[serde(skip)]
    pub is_over: bool,
    /// How many records it has.
    pub records: u64,
    /// Who worked on it, in order.
    pub sessions: Vec<Sitting>,
    /// The steps, in the order in which each was first asked for; those of a rollback are among them.
    pub steps: Vec<StepAccount>,
    /// The phases, in the order in which they were entered: when, and how long each took in milliseconds.
    pub phases: Vec<(StepPath, Timestamp, Option<u64>)>,
    /// Promises of time: that of the run first, then those of its phases.
    pub promises: Vec<Promise>,
    /// Who decided what, in order.
    pub decisions: Vec<Decision>,
    /// What people signed, in order. Whether the signatures are good is for `runbook verify` to say.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub signatures: Vec<Signature>,
    /// The plan that a rehearsal came to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan: Option<Planned>,
    /// Where it turned around.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rollback: Option<Turn>,
    /// The steps whose rollback is still owed, newest first. A run that was never rolled back owes all of them.
    pub owing: Vec<StepPath>,
    /// The steps whose effect stays, because no rollback was declared for them, newest first.
    pub staying: Vec<StepPath>,
    /// The steps of which nobody knows whether they took effect.
    pub doubtful: Vec<StepPath>,
    /// How many items of a `parallel` failed for good, whether it let them or not.
    #[serde(skip_serializing_if = "is_zero")]
    pub items_failed: usize,
    /// What the script printed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Note>,
    /// The record that may not follow those before it: the account ends in front of it.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "in_words")]
    pub flaw: Option<Illegal>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

fn in_words<S: serde::Serializer>(flaw: &Option<Illegal>, serializer: S) -> Result<S::Ok, S::Error> {
    match flaw {
        Some(flaw) => serializer.collect_str(flaw),
        None => serializer.serialize_none(),
    }
}

impl Account {
    /// Tells the story of these records; `None` when the first is not the start of a run.
    #[must_use]
    pub fn of(records: &[Record]) -> Option<Self> {
        let mut state = RunState::begin(records.first()?).ok()?;
        let mut story = Story::default();
        let mut flaw = None;
        for record in &records[1..] {
            if let Err(illegal) = state.apply(record) {
                flaw = Some(illegal);
                break;
            }
            story.take(record);
        }
        Some(story.end(&state, flaw))
    }

    /// One step.
    #[must_use]
    pub fn step(&self, path: &StepPath) -> Option<&StepAccount> {
        self.steps.iter().find(|step| step.path == *path)
    }

    /// The process that has taken the run and not let go of it: it is at work, or it died.
    #[must_use]
    pub fn open_session(&self) -> Option<&Sitting> {
        self.sessions.last().filter(|session| session.left.is_none())
    }

    /// From its start to its last record that is no part of a review, in milliseconds.
    #[must_use]
    pub fn took(&self) -> u64 {
        between(self.started_at, self.worked_until)
    }
}

#[derive(Default)]
struct Story {
    sessions: Vec<Sitting>,
    steps: Vec<StepAccount>,
    index: HashMap<StepPath, usize>,
    phases: Vec<(StepPath, Timestamp, Option<u64>)>,
    broken: Vec<(StepPath, Timestamp)>,
    decisions: Vec<Decision>,
    signatures: Vec<Signature>,
    plan: Option<Planned>,
    rollback: Option<Turn>,
    notes: Vec<Note>,
    /// When it first came to an end. What happens to it a year later is not measured by its promise.
    over: Option<Timestamp>,
}

impl Story {
    fn take(&mut self, record: &Record) {
        let at = record.at;
        if let Some(sitting) = self.sessions.last_mut() {
            sitting.last = at;
        }
        match &record.entry {
            Entry::SessionStarted(session) => {
                let (epoch, session) = (record.epoch, session.clone());
                self.sessions.push(Sitting { epoch, session, began: at, last: at, left: None });
            }
            Entry::SessionEnded { status } => {
                if let Some(sitting) = self.sessions.last_mut() {
                    sitting.left = Some(status.clone());
                }
                if status.is_final() {
                    self.over.get_or_insert(at);
                }
            }
            Entry::PhaseEntered { path, .. } => self.phases.push((path.clone(), at, None)),
            Entry::PhaseLeft { path, millis } => {
                if let Some((_, _, took)) = self.phases.iter_mut().rev().find(|(phase, _, _)| phase == path) {
                    *took = Some(*millis);
                }
            }
            Entry::StepIntended(intent) => {
                let attempt = AttemptAccount {
                    seq: record.seq,
                    epoch: record.epoch,
                    began: at,
                    ended: None,
                    millis: None,
                    intent: intent.clone(),
                    outcome: None,
                    looks: None,
                    observed: Vec::new(),
                    resolved: None,
                };
                let step = self.step(&intent.path);
                step.kind = if intent.path.is_rollback() { "rollback" } else { intent.spec.kind_word() };
                step.name.clone_from(&intent.spec.name);
                step.attempts.push(attempt);
            }
            Entry::StepEnded(end) => {
                if let Some(attempt) = self.step(&end.path).attempts.last_mut() {
                    attempt.ended = Some(at);
                    attempt.millis = end.millis;
                    attempt.outcome = Some(end.outcome.clone());
                    attempt.looks = end.looks;
                    attempt.observed.clone_from(&end.observed);
                }
            }
            Entry::StepRetried { path, by } => self.decide(at, path, by, Decided::Retried, None),
            Entry::StepSkipped { path, by, why } => self.decide(at, path, by, Decided::Skipped, Some(why)),
            Entry::StepResolved { path, verdict, by, why, .. } => {
                if let Some(attempt) = self.step(path).attempts.last_mut() {
                    attempt.resolved = Some(Resolved { at, verdict: *verdict, by: by.clone(), why: why.clone() });
                }
                self.decide(at, path, by, Decided::Resolved { verdict: *verdict }, Some(why));
            }
            Entry::RollbackOwed { path, plan, .. } => {
                let step = self.step(path);
                step.plan = Some(plan.clone());
            }
            Entry::ConfirmAnswered { path, said, by, shown, note } => {
                let decided = Decided::Answered { said: said.clone(), shown: *shown };
                self.decide(at, path, by, decided, note.as_ref());
            }
            Entry::RollbackStarted { by, why } => {
                self.decide(at, &StepPath::root(), by, Decided::RolledBack, Some(why));
                self.rollback = Some(Turn { at, by: by.clone(), why: why.clone(), done: Vec::new() });
            }
            Entry::RollbackDone { path } => {
                self.step(path).rolled_back = Some(at);
                if let Some(turn) = &mut self.rollback {
                    turn.done.push((path.clone(), at));
                }
            }
            Entry::BudgetBroken { path, .. } => self.broken.push((path.clone(), at)),
            Entry::Noted { text, location, .. } => {
                self.notes.push(Note { at, text: text.clone(), location: location.clone() });
            }
            Entry::Adopted { by, sources } => {
                let names: Vec<_> = sources.iter().map(|source| source.name.as_str()).collect();
                self.decide(at, &StepPath::root(), by, Decided::Adopted, Some(&names.join(", ")));
            }
            Entry::Signed(signed) => self.signatures.push(Signature::of(at, signed)),
            Entry::PlanMade { plan, steps, changes, certain, lacks, unconfined } => {
                let (steps, changes, certain) = (*steps, *changes, *certain);
                let (lacks, unconfined) = (lacks.clone(), unconfined.clone());
                self.plan = Some(Planned { plan: *plan, steps, changes, certain, lacks, unconfined });
            }
            // What is left says nothing that belongs into the account of a step, a person or a promise.
            _ => {}
        }
    }

    fn decide(&mut self, at: Timestamp, path: &StepPath, by: &Decider, what: Decided, why: Option<&String>) {
        let why = why.filter(|why| !why.is_empty()).cloned();
        self.decisions.push(Decision { at, path: path.clone(), by: by.clone(), what, why });
    }

    fn step(&mut self, path: &StepPath) -> &mut StepAccount {
        let at = *self.index.entry(path.clone()).or_insert_with(|| {
            self.steps.push(StepAccount {
                path: path.clone(),
                kind: "rollback",
                name: path.name().to_owned(),
                branch: None,
                standing: Standing::Registered,
                attempts: Vec::new(),
                rolled_back: None,
                plan: None,
            });
            self.steps.len() - 1
        });
        &mut self.steps[at]
    }

    fn end(mut self, state: &RunState, flaw: Option<Illegal>) -> Account {
        for step in &mut self.steps {
            if let Some(known) = state.step(&step.path) {
                step.standing = Standing::of(known);
            }
            step.branch = state.branch_around(&step.path.forward());
        }
        let promises = self.promises(state);
        // That nothing can be done for a step is written down like its rollback; it was not rolled back all the same.
        let staying: Vec<StepPath> = rollback::staying(state).into_iter().cloned().collect();
        self.steps.iter_mut().filter(|step| staying.contains(&step.path)).for_each(|step| step.rolled_back = None);
        if let Some(turn) = &mut self.rollback {
            turn.done.retain(|(path, _)| !staying.contains(path));
        }
        Account {
            run: state.run(),
            started: Box::new(state.started().clone()),
            started_at: state.started_at(),
            last_at: state.last_at(),
            worked_until: state.worked_until(),
            state: state.status().clone(),
            is_over: state.over().is_some(),
            records: state.records(),
            promises,
            sessions: self.sessions,
            steps: self.steps,
            phases: self.phases,
            decisions: self.decisions,
            signatures: self.signatures,
            plan: self.plan,
            rollback: self.rollback,
            owing: rollback::owing(state).into_iter().cloned().collect(),
            staying,
            doubtful: state.doubtful().into_iter().map(|step| step.path.clone()).collect(),
            items_failed: state.parallels().values().map(|parallel| parallel.failures().count()).sum(),
            notes: self.notes,
            flaw,
        }
    }

    fn promises(&self, state: &RunState) -> Vec<Promise> {
        let broken = |path: &StepPath| self.broken.iter().find(|(of, _)| of == path).map(|(_, at)| *at);
        let whole = state.started().budget.map(|budget| Promise {
            path: StepPath::root(),
            budget,
            from: state.started_at(),
            took: self.over.map(|over| between(state.started_at(), over)),
            broken: broken(&StepPath::root()).filter(|broken| self.over.is_none_or(|over| *broken <= over)),
        });
        let phases = self.phases.iter().filter_map(|(path, entered, took)| {
            let budget = state.phases().get(path)?.budget?;
            Some(Promise { path: path.clone(), budget, from: *entered, took: *took, broken: broken(path) })
        });
        whole.into_iter().chain(phases).collect()
    }
}
