//! Which record may follow which, and what it changes.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use super::kept::Kept;
use super::owed::{owes, rollback_if_failed};
use super::{Answered, Folding, Owed, Phase, RunState, Step, StepPhase, Work, repeats_freely};
use crate::digest::Digest;
use crate::entry::{End, Entry, Intent, Mode, Purpose, Record, Session};
use crate::failure::Failure;
use crate::id::{Attempt, Seq};
use crate::outcome::Outcome;
use crate::path::StepPath;
use crate::person::Decider;
use crate::status::RunStatus;
use crate::step::RollbackPlan;

/// A record that may not follow those before it: the journal was written by something that is not this engine.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("record {seq} ({what}) cannot follow the records before it: {why}")]
pub struct Illegal {
    /// The record.
    pub seq: Seq,
    /// Its type.
    pub what: &'static str,
    /// Why not.
    pub why: String,
}

impl RunState {
    /// The state after the first record.
    ///
    /// # Errors
    /// [`Illegal`] when the record is not the start of a run.
    pub fn begin(record: &Record) -> Result<Self, Illegal> {
        let illegal = |why: &str| Illegal { seq: record.seq, what: record.entry.word(), why: why.to_owned() };
        match &record.entry {
            Entry::RunStarted(started) if record.seq == Seq(0) => Ok(Self {
                run: record.run,
                sources: started.sources.clone(),
                started: (**started).clone(),
                started_at: record.at,
                last_at: record.at,
                worked_until: record.at,
                next: Seq(1),
                epoch: record.epoch,
                session: None,
                status: RunStatus::Running,
                steps: Vec::new(),
                index: HashMap::new(),
                phases: BTreeMap::new(),
                parallels: BTreeMap::new(),
                locks: BTreeMap::new(),
                every_lock: BTreeSet::new(),
                owed: Vec::new(),
                owing: HashSet::new(),
                rollback: None,
                broken_budgets: Vec::new(),
                notes: BTreeMap::new(),
                withheld: false,
                adopted: false,
                operator: None,
                boots: BTreeMap::new(),
                secrets: BTreeMap::new(),
                uncharted: false,
                over: None,
            }),
            _ => Err(illegal("a journal begins with record 0, `run_started`")),
        }
    }

    /// Folds all records of a journal.
    ///
    /// # Errors
    /// [`Illegal`] names the first record that may not follow those before it.
    pub fn fold<'a>(records: impl IntoIterator<Item = &'a Record>) -> Result<Option<Self>, Illegal> {
        let mut folding = Folding::default();
        for record in records {
            folding.take(record);
        }
        folding.done()
    }

    /// Takes in the next record.
    ///
    /// # Errors
    /// [`Illegal`] when the record may not follow; the state is then as it was.
    pub fn apply(&mut self, record: &Record) -> Result<(), Illegal> {
        let reviews = |session: Option<&Session>| session.is_some_and(|session| session.purpose == Purpose::Review);
        let reviewed = reviews(self.session.as_ref());
        self.admit(record).and_then(|()| self.transition(record)).map_err(|why| Illegal {
            seq: record.seq,
            what: record.entry.word(),
            why,
        })?;
        self.next = record.seq.next();
        self.epoch = record.epoch;
        // Labels of a clock that was set back do not make the run any younger.
        self.last_at = self.last_at.max(record.at);
        if !reviewed && !reviews(self.session.as_ref()) {
            self.worked_until = self.last_at;
        }
        Ok(())
    }

    /// Order, run and epoch: what holds for every record alike.
    fn admit(&self, record: &Record) -> Result<(), String> {
        if record.run != self.run {
            return Err(format!("it belongs to the run {}", record.run));
        }
        if record.seq != self.next {
            return Err(format!("number {} was to come", self.next));
        }
        match &record.entry {
            Entry::SessionStarted(_) if record.epoch <= self.epoch && self.next != Seq(1) => {
                Err("a new session needs a new epoch: two processes wrote at the same time".to_owned())
            }
            Entry::SessionStarted(_) => Ok(()),
            _ if record.epoch != self.epoch => {
                Err("it has another epoch than its session: two processes wrote at the same time".to_owned())
            }
            _ if self.session.is_none() => Err("no session is open".to_owned()),
            _ => Ok(()),
        }
    }

    fn transition(&mut self, record: &Record) -> Result<(), String> {
        match &record.entry {
            Entry::RunStarted(_) => Err("a run starts once".to_owned()),
            Entry::SessionStarted(session) => {
                self.operator.get_or_insert_with(|| session.operator.clone());
                self.boots.insert(record.epoch, session.boot.clone());
                self.uncharted |= session.taken_over.is_some();
                self.session = Some(session.clone());
                self.status = if self.rollback.is_some() { RunStatus::RollingBack } else { RunStatus::Running };
                Ok(())
            }
            Entry::SessionEnded { status } => {
                self.session = None;
                self.status = status.clone();
                // Whoever has come to the end of the script has been asked about each of its steps. Of a run that was over before
                // it is its rollback that nobody knows.
                self.uncharted &= *status != RunStatus::Completed || self.over.is_some();
                if status.is_final() {
                    self.over = Some(status.clone());
                }
                Ok(())
            }
            Entry::PhaseEntered { path, budget } => {
                self.phases.entry(path.clone()).or_insert(Phase { budget: *budget, entered: record.at, millis: None });
                Ok(())
            }
            Entry::PhaseLeft { path, millis } => {
                let phase = self.phases.get_mut(path).ok_or("the phase was not entered")?;
                phase.millis = Some(*millis);
                Ok(())
            }
            Entry::ParallelEntered(asked) => self.enter_parallel(asked, record.at),
            Entry::BranchEntered { .. } if self.rollback.is_some() => {
                Err("a run that is rolled back never goes forward again".to_owned())
            }
            Entry::BranchEntered { path } => {
                let (parallel, key) = self.parallel_of(path)?;
                parallel.begin(&key)
            }
            Entry::BranchLeft { path, failed, .. } => {
                let (parallel, key) = self.parallel_of(path)?;
                parallel.end(&key, failed.clone())
            }
            Entry::ParallelLeft { path, millis } => {
                self.parallels.get_mut(path).ok_or("the parallel was not entered")?.leave(*millis)
            }
            Entry::LockTaken { name, path } => {
                if self.locks.contains_key(name) {
                    return Err(format!("the run has the lock `{name}` already"));
                }
                self.locks.insert(name.clone(), path.clone());
                self.every_lock.insert(name.clone());
                Ok(())
            }
            Entry::LockReleased { name } => match self.locks.remove(name) {
                Some(_) => Ok(()),
                None => Err(format!("the run does not have the lock `{name}`")),
            },
            Entry::StepIntended(intent) => {
                self.intend(intent, record)?;
                self.remember_secrets(intent);
                Ok(())
            }
            Entry::StepEnded(end) => self.end(end),
            Entry::StepRetried { path, by } => {
                let step = self.step_mut(path)?;
                match step.phase {
                    StepPhase::Ended(Outcome::Failed(_)) => {
                        step.repeated_blindly |= step.is_open_ended();
                        step.phase = StepPhase::Open;
                        step.retries = if *by == Decider::Runbook { step.retries.saturating_add(1) } else { 0 };
                        step.answers.clear();
                        self.reopen_around(path);
                        Ok(())
                    }
                    _ => Err("only a failed step is tried again".to_owned()),
                }
            }
            Entry::StepSkipped { path, .. } => {
                let step = self.step_mut(path)?;
                match step.phase {
                    StepPhase::Ended(Outcome::Failed(_)) | StepPhase::Intended | StepPhase::Open => {
                        // To pass over a step says nothing about whether it took effect.
                        step.repeated_blindly |= step.is_open_ended();
                        step.phase = StepPhase::Skipped;
                        self.reopen_around(path);
                        Ok(())
                    }
                    _ => Err("only a failed or open step is skipped".to_owned()),
                }
            }
            Entry::StepResolved { path, attempt, verdict, by, .. } => self.resolve(path, *attempt, *verdict, by),
            Entry::RollbackOwed { path, fingerprint, plan, .. } => self.register(path, *fingerprint, plan, record),
            Entry::ConfirmAnswered { path, said, by, shown, .. } => {
                let step = self.step_mut(path)?;
                match step.phase {
                    StepPhase::Intended => {
                        step.answers.push(Answered { said: said.clone(), by: by.clone(), shown: *shown });
                        Ok(())
                    }
                    _ => Err("the confirm does not wait for an answer".to_owned()),
                }
            }
            Entry::RollbackStarted { why, .. } => {
                if self.rollback.is_some() {
                    return Err("the run is rolled back already".to_owned());
                }
                self.rollback = Some(why.clone());
                self.over = None;
                self.status = RunStatus::RollingBack;
                Ok(())
            }
            Entry::RollbackDone { path } => {
                if self.rollback.is_none() {
                    return Err("no rollback was started".to_owned());
                }
                let owed = self.owed.iter_mut().rev().find(|owed| !owed.done).ok_or("nothing is owed any more")?;
                if owed.path != *path {
                    return Err(format!("`{}` comes first: the newest step is rolled back first", owed.path));
                }
                owed.done = true;
                Ok(())
            }
            Entry::BudgetBroken { path, .. } => {
                self.broken_budgets.push(path.clone());
                Ok(())
            }
            Entry::Noted { branch, .. } => {
                *self.notes.entry(branch.clone()).or_default() += 1;
                Ok(())
            }
            Entry::PlanMade { .. } => match self.started.mode {
                Mode::Rehearsal => Ok(()),
                Mode::Live => Err("only a rehearsal makes a plan".to_owned()),
            },
            Entry::Signed(_) => Ok(()),
            Entry::Adopted { sources, .. } => {
                self.sources.clone_from(sources);
                self.adopted = true;
                self.reopen_mistakes();
                Ok(())
            }
        }
    }

    fn intend(&mut self, intent: &Intent, record: &Record) -> Result<(), String> {
        match (&self.rollback, intent.path.is_rollback()) {
            (Some(_), false) => return Err("a run that is rolled back never goes forward again".to_owned()),
            (None, true) => return Err("no rollback was started".to_owned()),
            (Some(_), true) => {
                let newest = self.owed.iter().rev().find(|owed| !owed.done).ok_or("nothing is owed any more")?;
                if !intent.path.is_within(&newest.path.rollback()) {
                    return Err(format!("`{}` comes first: the newest step is rolled back first", newest.path));
                }
            }
            (None, false) => {}
        }
        match self.index.get(&intent.path).copied() {
            None => {
                if intent.attempt != Attempt::FIRST {
                    return Err("the first attempt has number 1".to_owned());
                }
                self.index.insert(intent.path.clone(), self.steps.len());
                self.steps.push(Arc::new(Step {
                    path: intent.path.clone(),
                    fingerprint: intent.fingerprint,
                    attempt: intent.attempt,
                    kept: Some(Kept::new(intent)),
                    seq: record.seq,
                    epoch: record.epoch,
                    at: record.at,
                    since: record.at,
                    phase: StepPhase::Intended,
                    answers: Vec::new(),
                    retries: 0,
                    repeated_blindly: false,
                    denied: false,
                }));
                Ok(())
            }
            Some(at) => {
                let step = Arc::make_mut(&mut self.steps[at]);
                let allowed = match &step.phase {
                    StepPhase::Open => true,
                    // A look or a question that died with its process is simply repeated: nothing had changed.
                    StepPhase::Intended => step.epoch < record.epoch && repeats_freely(&intent.spec),
                    _ => false,
                };
                if !allowed {
                    return Err("the step is not open for another attempt".to_owned());
                }
                if intent.attempt != step.attempt.next() {
                    return Err(format!("attempt {} was to come", step.attempt.next()));
                }
                if step.phase == StepPhase::Open {
                    step.since = record.at;
                }
                step.attempt = intent.attempt;
                step.denied = false;
                step.fingerprint = intent.fingerprint;
                step.kept = Some(Kept::new(intent));
                (step.seq, step.epoch, step.at) = (record.seq, record.epoch, record.at);
                step.phase = StepPhase::Intended;
                Ok(())
            }
        }
    }

    /// With which values the run has used its secrets last.
    fn remember_secrets(&mut self, intent: &Intent) {
        for used in intent.change.iter().flat_map(|change| change.secrets()) {
            if let Some(print) = used.print {
                self.secrets.insert(used.name.clone(), print);
            }
        }
    }

    fn end(&mut self, end: &End) -> Result<(), String> {
        let step = self.step_mut(&end.path)?;
        let (StepPhase::Intended, Some(intent)) = (&step.phase, step.open_intent()) else {
            return Err("no attempt is in flight".to_owned());
        };
        if end.attempt != step.attempt {
            return Err(format!("attempt {} is in flight", step.attempt));
        }
        let withheld = matches!(end.outcome, Outcome::Withheld { .. } | Outcome::Unknown { .. });
        let owes = match &end.outcome {
            Outcome::Succeeded(_) => owes(intent),
            // What was never started cannot have done a part.
            Outcome::Failed(Failure::NotStarted { .. }) => None,
            Outcome::Failed(_) if rollback_if_failed(&intent.spec) => owes(intent),
            _ => None,
        };
        let path = end.path.clone();
        step.phase = StepPhase::Ended(end.outcome.clone());
        // The plan at the end of a rehearsal asks for each of them again.
        if !withheld && !matches!(end.outcome, Outcome::Failed(_)) {
            step.kept.iter_mut().for_each(Kept::fold);
        }
        step.repeated_blindly &= !matches!(end.outcome, Outcome::Succeeded(_));
        self.withheld |= withheld;
        self.owe(path, owes);
        Ok(())
    }

    fn register(&mut self, path: &StepPath, fingerprint: Digest, plan: &RollbackPlan, record: &Record) -> Result<(), String> {
        if self.index.contains_key(path) {
            return Err("the path is taken".to_owned());
        }
        self.index.insert(path.clone(), self.steps.len());
        self.steps.push(Arc::new(Step {
            path: path.clone(),
            fingerprint,
            attempt: Attempt::FIRST,
            kept: None,
            seq: record.seq,
            epoch: record.epoch,
            at: record.at,
            since: record.at,
            phase: StepPhase::Registered,
            answers: Vec::new(),
            retries: 0,
            repeated_blindly: false,
            denied: false,
        }));
        self.owe(
            path.clone(),
            match plan {
                RollbackPlan::Changes(changes) => Some(Work::Changes(changes.clone())),
                RollbackPlan::Block => Some(Work::Block),
                RollbackPlan::Undeclared | RollbackPlan::Nothing | RollbackPlan::Restore => None,
            },
        );
        Ok(())
    }

    /// A step that failed, owed, was tried again and succeeded owes once, and as the newest.
    pub(super) fn owe(&mut self, path: StepPath, work: Option<Work>) {
        if let Some(work) = work
            && !path.is_rollback()
            && self.started.mode == Mode::Live
        {
            if !self.owing.insert(path.clone()) {
                self.owed.retain(|owed| owed.path != path);
            }
            self.owed.push(Owed { path, work, done: false });
        }
    }

    pub(super) fn step_mut(&mut self, path: &StepPath) -> Result<&mut Step, String> {
        match self.index.get(path) {
            Some(&at) => Ok(Arc::make_mut(&mut self.steps[at])),
            None => Err(format!("there is no step `{path}`")),
        }
    }
}
