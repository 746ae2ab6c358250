//! The world behind the door.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use runbook_model::answer::Said;
use runbook_model::change::Change;
use runbook_model::entry::Intent;
use runbook_model::excerpt::Bytes;
use runbook_model::failure::Failure;
use runbook_model::id::Attempt;
use runbook_model::length::Length;
use runbook_model::observation::{NotSeen, Observation, Seen};
use runbook_model::path::StepPath;
use runbook_model::person::{Decider, Person};
use runbook_model::step::{Check, Confirm};
use tokio::sync::watch;

use super::build::operator;
use super::crash::{Crash, Recovery};
use super::ledger::{Effect, Ledger};
use super::pattern::Pattern;
use super::sight::Sight;
use super::stage::{Stage, Unanswered};
use super::what::what;
use crate::journal::Receipt;
use crate::operation::Look;
use crate::world::schedule::judge_live;
use crate::world::{Blind, Choice, Chosen, Judgement, Limits, Looks, Performed, Question, Reaction, Recovered, Task, World};

/// A world that plays what a test wrote down. Clones are the same world, so a test can keep one and give one away.
#[derive(Debug, Clone)]
pub struct ScriptedWorld {
    stage: Arc<Mutex<Stage>>,
    ledger: Ledger,
    calls: Arc<AtomicU64>,
    performs: Arc<Mutex<Vec<u64>>>,
    dead: Arc<watch::Sender<bool>>,
    pub(super) crash: Option<(u64, Crash)>,
    pub(super) recovery: Recovery,
}

impl Default for ScriptedWorld {
    fn default() -> Self {
        Self {
            stage: Arc::default(),
            ledger: Ledger::default(),
            calls: Arc::default(),
            performs: Arc::default(),
            dead: Arc::new(watch::channel(false).0),
            crash: None,
            recovery: Recovery::default(),
        }
    }
}

impl ScriptedWorld {
    /// A world about which nothing is said yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The same world in front of the next process of the engine: same ledger, files, clock and answers to come, its
    /// calls counted from 1 again, and no crash ahead.
    #[must_use]
    pub fn restarted(&self) -> Self {
        Self { stage: Arc::clone(&self.stage), ledger: self.ledger.clone(), recovery: self.recovery, ..Self::default() }
    }

    /// What really happened.
    #[must_use]
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// The content of a file of this world; `None` when it is not there or not UTF-8.
    #[must_use]
    pub fn content(&self, path: &str) -> Option<String> {
        String::from_utf8(self.stage().files.get(path)?.content.clone()).ok()
    }

    /// How many calls there were: the moments at which the engine can be killed.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }

    /// Which of these calls made a change: the moments at which dying before and behind it differ.
    #[must_use]
    pub fn performs(&self) -> Vec<u64> {
        self.performs.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Looks and questions about which nothing was said, in the order in which they were met.
    #[must_use]
    pub fn unanswered(&self) -> Vec<Unanswered> {
        self.stage().unanswered.clone()
    }

    /// Takes back what [`ScriptedWorld::breaks`] and [`ScriptedWorld::declines`] said: what was broken is mended.
    pub fn mend(&self) {
        let mut stage = self.stage();
        stage.breaking.clear();
        stage.declining.clear();
    }

    /// Kills the engine now: no call returns any more.
    pub fn kill(&self) {
        self.dead.send_replace(true);
    }

    /// Whether the engine was killed.
    #[must_use]
    pub fn is_dead(&self) -> bool {
        *self.dead.borrow()
    }

    /// Ends when the engine was killed, and never otherwise. Drop the engine's future then.
    pub async fn crashed(&self) {
        // The sender lives in `self`, so this cannot fail.
        drop(self.dead.subscribe().wait_for(|dead| *dead).await);
    }

    pub(super) fn stage(&self) -> MutexGuard<'_, Stage> {
        self.stage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a call. Does not return when the engine is dead, or dies now; except that `dying` runs before.
    async fn enter(&self, dying: impl FnOnce()) -> u64 {
        if self.is_dead() {
            std::future::pending::<()>().await;
        }
        let call = self.calls.fetch_add(1, Ordering::Relaxed) + 1;
        match self.crash {
            Some((at, crash)) if call >= at => {
                if call == at && crash == Crash::AfterEffect {
                    dying();
                }
                self.dead.send_replace(true);
                std::future::pending::<()>().await;
            }
            _ => {}
        }
        call
    }

    /// Makes the change of one attempt. [`World::perform`] is the door; the receipt stays there.
    pub(super) async fn make(&self, path: &StepPath, attempt: Attempt, change: &Change, timeout: Option<Length>) -> Performed {
        let make = || {
            let result = self.stage().make(path, change, timeout);
            let never =
                matches!(result, Performed::Failed(Failure::NotStarted { .. } | Failure::NoResponse { maybe_sent: false, .. }));
            if !never {
                let (path, change, result) = (path.clone(), change.clone(), result.clone());
                self.ledger.append(Effect { path, attempt, change, result });
            }
            result
        };
        let call = self.enter(|| drop(make())).await;
        self.performs.lock().unwrap_or_else(PoisonError::into_inner).push(call);
        make()
    }
}

impl World for ScriptedWorld {
    fn prepare<'a>(&'a self, change: &'a Change) -> Task<'a, Result<Change, Failure>> {
        Box::pin(async move {
            self.enter(|| {}).await;
            Ok(self.stage().prepare(change))
        })
    }

    fn perform<'a>(&'a self, receipt: Receipt, change: &'a Change, limits: Limits) -> Task<'a, Performed> {
        Box::pin(async move { self.make(receipt.path(), receipt.attempt(), change, limits.timeout).await })
    }

    fn recover<'a>(&'a self, intent: &'a Intent, _boot: &'a str, _limits: Limits) -> Task<'a, Recovered> {
        Box::pin(async move {
            self.enter(|| {}).await;
            match (self.recovery, self.ledger.find(&intent.path, intent.attempt)) {
                (Recovery::InDoubt, _) => Recovered::InDoubt { known: "nobody watched it".to_owned() },
                (Recovery::KeeperKnows, Some(effect)) => Recovered::Ended(effect.result),
                (Recovery::KeeperKnows, None) => {
                    Recovered::NeverBegun { evidence: "the ledger of this world does not hold it".to_owned() }
                }
            }
        })
    }

    fn observe<'a>(&'a self, observation: &'a Observation) -> Task<'a, Result<Seen, Blind>> {
        Box::pin(async move {
            self.enter(|| {}).await;
            let what = what(observation);
            let made = self.ledger.effects();
            let mut stage = self.stage();
            let done = made.iter().rev().filter(|effect| matches!(effect.result, Performed::Done(_)));
            let mut later = done.filter_map(|effect| {
                let fits = |(look, after, _): &&(Pattern, Pattern, Sight)| look.fits(&what) && after.fits_step(&effect.path);
                stage.later.iter().find(fits).map(|(_, _, sight)| sight.clone())
            });
            if let Some(sight) = later.next() {
                return sight.0.map_err(Blind::from);
            }
            drop(later);
            if let Some(sight) = stage.sights.next(|pattern| pattern.fits(&what)) {
                return sight.0.map_err(Blind::from);
            }
            match observation {
                Observation::ReadFile { path } if stage.files.contains_key(path) => {
                    Ok(Seen::Content(Bytes(stage.files[path].content.clone())))
                }
                Observation::Now => Ok(Seen::Value(label(stage.millis).to_string().into())),
                _ => {
                    let message = format!("{what}: the test does not say what is seen here");
                    stage.unanswered.push(Unanswered::Look(what, observation.clone()));
                    Err(NotSeen { message }.into())
                }
            }
        })
    }

    fn foresee(&self, path: &StepPath) -> Option<Look> {
        let made = self.ledger.effects();
        let mut stage = self.stage();
        let done = made.iter().rev().filter(|effect| matches!(effect.result, Performed::Done(_)));
        let mut later = done.filter_map(|effect| {
            let fits = |(step, after, _): &&(Pattern, Pattern, Look)| step.fits_step(path) && after.fits_step(&effect.path);
            stage.checks_later.iter().find(fits).map(|(_, _, look)| look.clone())
        });
        if let Some(look) = later.next() {
            return Some(look);
        }
        drop(later);
        stage.checks.next(|pattern| pattern.fits_step(path))
    }

    fn judge(&self, check: &Check, history: &Looks, look: Look) -> Judgement {
        judge_live(check, history, look)
    }

    fn ask<'a>(&'a self, question: &'a Question) -> Task<'a, Reaction> {
        Box::pin(async move {
            self.enter(|| {}).await;
            let mut stage = self.stage();
            if stage.declining.contains(&question.path) {
                return answered(&question.confirm, Said::No);
            }
            let confirm = &question.confirm;
            match stage.reactions.next(|pattern| pattern.fits_step(&question.path)) {
                // A test says what is answered. That whoever does so may answer, and that they are enough, is a matter of tests
                // of the engine.
                Some(Reaction::Answered { said, .. }) => return answered(confirm, said),
                // Nobody's time is ever over where there is no deadline.
                Some(Reaction::TimedOut) if confirm.deadline.is_none() => return Reaction::Nobody,
                Some(reaction) => return reaction,
                None => {}
            }
            if stage.agreeing && confirm.choices.is_empty() && confirm.input.is_none() {
                return answered(confirm, Said::Yes);
            }
            stage.unanswered.push(Unanswered::Confirm(question.path.clone(), confirm.clone()));
            Reaction::Nobody
        })
    }

    fn choose<'a>(&'a self, choice: &'a Choice) -> Task<'a, Option<Chosen>> {
        Box::pin(async move {
            self.enter(|| {}).await;
            let (Choice::Failed { path, .. } | Choice::InDoubt { path, .. }) = choice;
            self.stage().choices.next(|pattern| pattern.fits_step(path))
        })
    }

    fn wait(&self, length: Duration) -> Task<'_, ()> {
        Box::pin(async move {
            self.enter(|| {}).await;
            self.stage().pass(length);
            // Others get their turn: a loop of looks must not keep the rest of the engine from running.
            tokio::task::yield_now().await;
        })
    }

    fn monotonic_millis(&self) -> u64 {
        self.stage().millis
    }

    fn now(&self) -> jiff::Timestamp {
        label(self.stage().millis)
    }
}

/// What people say in a test, by as many as are wanted.
fn answered(confirm: &Confirm, said: Said) -> Reaction {
    let by = one_of(confirm);
    let is_anybodys = confirm.quorum.is_none_or(|quorum| quorum < 2) && !confirm.not_self;
    let named = confirm.by.is_empty() || confirm.by.iter().any(|name| !name.starts_with('@'));
    if is_anybodys && named { Reaction::Answered { said, by } } else { Reaction::Agreed { said, by } }
}

/// Somebody who may answer: the first whom the question names, else the tester.
fn one_of(confirm: &Confirm) -> Decider {
    let named = confirm.by.iter().find(|name| !name.starts_with('@'));
    match (named, operator()) {
        (Some(name), Decider::Person(person)) => Decider::Person(Person { name: name.clone(), ..person }),
        (_, tester) => tester,
    }
}

/// The virtual wall clock starts with the year 2026, UTC.
fn label(millis: u64) -> jiff::Timestamp {
    let start = 1_767_225_600_000_i64;
    let millis = i64::try_from(millis).unwrap_or(i64::MAX);
    jiff::Timestamp::from_millisecond(start.saturating_add(millis)).unwrap_or(jiff::Timestamp::MAX)
}
