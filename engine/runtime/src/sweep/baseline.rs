//! The undisturbed run, and its rollback.

use std::collections::{BTreeMap, BTreeSet};

use runbook_model::entry::{Entry, Record};
use runbook_model::path::StepPath;
use runbook_model::status::RunStatus;
use runbook_model::step::{OnFailure, StepKind};

use super::Subject;
use super::crashing::tried_again;
use super::oracle::{self, Deed};
use super::order::Order;
use super::scratch::{NoScratch, Scratch};
use super::trial::{Ended, Extent, Trial};
use crate::world::scripted::Unanswered;

/// The undisturbed run of a subject, and its rollback.
pub struct Baseline {
    pub(super) scratch: Scratch,
    /// What the run was when its session ended.
    pub(super) status: RunStatus,
    pub(super) records: Vec<Record>,
    pub(super) extent: Extent,
    pub(super) deeds: Vec<Deed>,
    /// The rollback of it; absent when the run rolled itself back.
    pub(super) back: Option<Back>,
    pub(super) blocks: BTreeMap<StepPath, Vec<Deed>>,
    pub(super) idempotent: BTreeSet<StepPath>,
    pub(super) order: Order,
    pub(super) on_failure: OnFailure,
}

/// An undisturbed rollback.
pub(super) struct Back {
    pub(super) records: std::ops::Range<u64>,
    pub(super) extent: Extent,
    pub(super) deeds: Vec<Deed>,
}

/// A runbook that cannot be swept.
#[derive(Debug, thiserror::Error)]
pub enum Unsweepable {
    /// There is no place for its runs.
    #[error(transparent)]
    Scratch(#[from] NoScratch),
    /// The place for its runs failed.
    #[error("the runs of a test cannot be kept: {0}")]
    Io(#[from] std::io::Error),
    /// Nothing is said about what the runbook looks at or asks.
    #[error("nothing is said about {}", counted(.0.len()))]
    Unanswered(Vec<Unanswered>),
    /// The engine failed in the undisturbed run.
    #[error("the undisturbed run failed in the engine: {0}")]
    Fault(String),
    /// The undisturbed rollback did not come to its end.
    #[error("the undisturbed rollback ended `{}`{}", .0.word(), because(.0))]
    Rollback(RunStatus),
}

fn counted(unanswered: usize) -> String {
    if unanswered == 1 { "1 look or question".to_owned() } else { format!("{unanswered} looks or questions") }
}

/// Where and why a run stopped, in half a sentence.
pub(super) fn because(status: &RunStatus) -> String {
    match status {
        RunStatus::Failed { at: Some(at), message } | RunStatus::Stuck { at, message } => format!(" at `{at}`: {message}"),
        RunStatus::Failed { at: None, message } | RunStatus::Unknowable { message } => format!(": {message}"),
        RunStatus::Suspended { at } | RunStatus::Declined { at } | RunStatus::InDoubt { at } | RunStatus::Mismatch { at } => {
            format!(" at `{at}`")
        }
        _ => String::new(),
    }
}

impl Baseline {
    /// Performs the subject undisturbed, and rolls it back.
    ///
    /// # Errors
    /// [`Unsweepable`]; a look or question without an answer is one when the run or its rollback stops for it.
    pub fn of(subject: &Subject) -> Result<Self, Unsweepable> {
        let scratch = Scratch::new()?;
        let mut trial = Trial::new(subject, &scratch, (subject.world)())?;
        let status = ended(&trial.exec(None))?;
        if !matches!(status, RunStatus::Completed) && !trial.unanswered().is_empty() {
            return Err(Unsweepable::Unanswered(trial.unanswered()));
        }
        let (records, extent, deeds) = (trial.records(), trial.extent(), trial.deeds());
        let mut blocks = oracle::blocks(&records, &deeds);
        let mut back = None;
        if !matches!(status, RunStatus::RolledBack | RunStatus::Suspended { .. } | RunStatus::InDoubt { .. }) {
            let mut turned = ended(&trial.roll_back(None))?;
            let (session, calls) = (trial.records().len() as u64, trial.extent());
            let first = Ended::Status(turned);
            turned = ended(&tried_again(&mut trial, first))?;
            match turned {
                RunStatus::RolledBack => {}
                _ if !trial.unanswered().is_empty() => return Err(Unsweepable::Unanswered(trial.unanswered())),
                status => return Err(Unsweepable::Rollback(status)),
            }
            let all = trial.deeds();
            blocks = oracle::blocks(&records, &all);
            let deeds = all[deeds.len()..].to_vec();
            back = Some(Back { records: records.len() as u64..session, extent: calls, deeds });
        }
        let idempotent = oracle::idempotent(&trial.records());
        let order = Order::of(&trial.records());
        let on_failure = subject.started.on_failure;
        drop(trial);
        Ok(Self { scratch, status, records, extent, deeds, back, blocks, idempotent, order, on_failure })
    }

    /// What the run was when its session ended.
    #[must_use]
    pub fn status(&self) -> &RunStatus {
        &self.status
    }

    /// Where and why it stopped, in half a sentence; empty when it did not.
    #[must_use]
    pub fn because(&self) -> String {
        because(&self.status)
    }

    /// The changes that were made, one line each.
    #[must_use]
    pub fn changes(&self) -> Vec<String> {
        oracle::shown(&self.deeds)
    }

    /// The changes that its rollback made, one line each.
    #[must_use]
    pub fn rolled_back(&self) -> Vec<String> {
        self.back.as_ref().map(|back| oracle::shown(&back.deeds)).unwrap_or_default()
    }

    /// How many records its journal has.
    #[must_use]
    pub fn records(&self) -> u64 {
        self.records.len() as u64
    }

    /// Whether no change failed: then what a disturbed run must do is known to the last change.
    pub(super) fn is_steady(&self) -> bool {
        self.deeds.iter().all(|deed| deed.done)
    }

    /// The forward commands, in the order in which they were begun.
    pub(super) fn commands(&self) -> Vec<StepPath> {
        self.steps(|kind| matches!(kind, StepKind::Command(_)))
    }

    /// The questions.
    pub(super) fn confirms(&self) -> Vec<StepPath> {
        self.steps(|kind| matches!(kind, StepKind::Confirm(_)))
    }

    fn steps(&self, wanted: impl Fn(&StepKind) -> bool) -> Vec<StepPath> {
        let mut paths = Vec::new();
        for record in &self.records {
            if let Entry::StepIntended(intent) = &record.entry
                && wanted(&intent.spec.kind)
                && !intent.path.is_rollback()
                && !paths.contains(&intent.path)
            {
                paths.push(intent.path.clone());
            }
        }
        paths
    }
}

/// How often a rollback that is stuck is tried again.
pub(super) const MOST_STUCK: u32 = 8;

fn ended(ended: &Ended) -> Result<RunStatus, Unsweepable> {
    match ended {
        Ended::Status(status) => Ok(status.clone()),
        Ended::Fault(fault) => Err(Unsweepable::Fault(fault.clone())),
        Ended::Died => Err(Unsweepable::Fault("it was killed".to_owned())),
    }
}
