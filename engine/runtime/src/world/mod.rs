//! The workshop: where effects happen, or are withheld, or are played.
//!
//! A rehearsal is another [`World`] behind the same door, never an `if` (invariant I7): [`LiveWorld`] makes changes,
//! [`DryRunWorld`] withholds them, [`ScriptedWorld`] plays them. [`schedule`] says what the looks of a check mean, and
//! [`People`] is who can be asked.

pub mod dry_run;
pub mod live;
pub mod people;
pub mod schedule;
pub mod scripted;

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use runbook_model::Value;
use runbook_model::answer::{Answer, Said};
use runbook_model::change::Change;
use runbook_model::digest::Digest;
use runbook_model::entry::Intent;
use runbook_model::failure::Failure;
use runbook_model::id::Attempt;
use runbook_model::length::Length;
use runbook_model::observation::{NotSeen, Observation, Seen};
use runbook_model::outcome::Outcome;
use runbook_model::outlook::Lack;
use runbook_model::path::StepPath;
use runbook_model::person::Decider;
use runbook_model::step::{Check, Confirm, StepSpec};
use tokio::sync::watch;

use crate::journal::Receipt;
use crate::keeper::Unwritten;
use crate::operation::Look;

pub use dry_run::DryRunWorld;
pub use live::LiveWorld;
pub use people::{Absent, Agreeing, Lent, People};
pub use scripted::ScriptedWorld;

/// A future of the dispatcher's own thread.
pub type Task<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// Everything that a run can touch.
pub trait World {
    /// Looks at what a change is about to meet, so that the intent can hold it: the program's absolute path, the file's
    /// content before. Changes nothing.
    ///
    /// # Errors
    /// What makes the change impossible from the start, such as a program that does not exist.
    fn prepare<'a>(&'a self, change: &'a Change) -> Task<'a, Result<Change, Failure>>;

    /// Whether this world changes nothing: then it needs no intent on disk, and [`World::perform`] is not called.
    fn withholds(&self) -> bool {
        false
    }

    /// Makes the change. The receipt is the proof that its intent is on disk.
    fn perform<'a>(&'a self, receipt: Receipt, change: &'a Change, limits: Limits) -> Task<'a, Performed>;

    /// Finds out what became of an intended change whose outcome was never written, without repeating it.
    /// Waits when it is still in progress. `boot` is the boot of the machine in which it was intended: what a process of
    /// that boot knew is worth nothing in another.
    fn recover<'a>(&'a self, intent: &'a Intent, boot: &'a str, limits: Limits) -> Task<'a, Recovered>;

    /// Commands are about to come: whatever takes time to begin may begin now. Nothing has to be there when this ends, and
    /// nothing that fails here is lost: it is tried again with the first command.
    fn make_ready(&self) -> Task<'_, ()> {
        Box::pin(std::future::ready(()))
    }

    /// The end of an attempt is on disk: whatever else was kept so that it could be found out may be forgotten.
    fn recorded(&self, _path: &StepPath, _attempt: Attempt) {}

    /// Takes one look for a check.
    fn observe<'a>(&'a self, observation: &'a Observation) -> Task<'a, Result<Seen, Blind>>;

    /// What the next look of a check will see, when this world knows it without a look: that of a test may. The closure of
    /// the check is not called then.
    fn foresee(&self, _path: &StepPath) -> Option<Look> {
        None
    }

    /// Says what one look of a check means: passed, failed, or look again.
    fn judge(&self, check: &Check, history: &Looks, look: Look) -> Judgement;

    /// Asks a person.
    fn ask<'a>(&'a self, question: &'a Question) -> Task<'a, Reaction>;

    /// Asks a person what to do about a step; `None` when nobody is there to ask.
    fn choose<'a>(&'a self, choice: &'a Choice) -> Task<'a, Option<Chosen>>;

    /// What the changes that were withheld so far will need, and that is not there now. Nothing in a world that makes them.
    fn lacks(&self) -> Vec<Lack> {
        Vec::new()
    }

    /// Why the programs of checks are not kept from writing, in a rehearsal that should do that.
    fn unconfined(&self) -> Option<String> {
        None
    }

    /// Lets time pass.
    fn wait(&self, length: Duration) -> Task<'_, ()>;

    /// Milliseconds of a clock that neither jumps nor goes back, from any starting point.
    fn monotonic_millis(&self) -> u64;

    /// The wall clock, as a label.
    fn now(&self) -> jiff::Timestamp;
}

/// How long a change may take, and how it is stopped.
#[derive(Debug, Clone)]
pub struct Limits {
    /// After this time it is stopped.
    pub timeout: Option<Length>,
    /// Becomes true when the operator wants it stopped.
    pub stop: watch::Receiver<bool>,
}

/// What came of a change.
#[derive(Debug, Clone, PartialEq)]
pub enum Performed {
    /// It was made.
    Done(Answer),
    /// It failed.
    Failed(Failure),
    /// It was not begun, because nothing could be written down about it: nothing more may be done, as when the journal takes no
    /// more.
    Unwritten(Unwritten),
    /// This world makes no changes.
    Withheld,
    /// It was begun, and whether it took effect cannot be known any more: what watched it is gone, or the disk refused
    /// to say. No end may be written for it; it is treated like [`Recovered::InDoubt`].
    InDoubt {
        /// What is known.
        known: String,
    },
}

/// Why a look was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Blind {
    /// It was tried, and gave no answer: the check hears of it.
    #[error(transparent)]
    NotSeen(#[from] NotSeen),
    /// Nothing could be written down about it: nothing more may be done, as when the journal takes no more.
    #[error(transparent)]
    Unwritten(Unwritten),
}

/// What became of a change that was intended and never reported.
#[expect(clippy::large_enum_variant, reason = "one is made per step, and it is read at once")]
#[derive(Debug, Clone, PartialEq)]
pub enum Recovered {
    /// It ended, and its end was kept.
    Ended(Performed),
    /// It is certain that it was never begun.
    NeverBegun {
        /// How that is known.
        evidence: String,
    },
    /// It may or may not have happened.
    InDoubt {
        /// What is known: when it started, what it printed so far, whether its process lives.
        known: String,
    },
    /// Whoever watches it could not be asked, and may answer later: it may be at work, so nobody's word counts yet, neither its
    /// author's that it may be repeated nor a person's.
    Unasked {
        /// Why not.
        why: String,
        /// Whether it may live, and be at work.
        may_live: bool,
    },
}

/// What a check has seen so far in this session.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Looks {
    /// How many looks came before this one.
    pub before: u32,
    /// Milliseconds since the check began.
    pub millis: u64,
    /// Whether a change was withheld earlier in the run.
    pub after_withheld: bool,
}

/// What a look means.
#[expect(clippy::large_enum_variant, reason = "one is made per look, and it is read at once")]
#[derive(Debug, Clone, PartialEq)]
pub enum Judgement {
    /// The check has ended.
    Ended(Outcome),
    /// Look again after this time.
    Again(Duration),
}

/// A confirm as it is put to a person.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    /// The step.
    pub path: StepPath,
    /// The question itself.
    pub text: String,
    /// How it may be answered.
    pub confirm: Confirm,
    /// The digest of everything that the person is shown.
    pub shown: Digest,
    /// What is left of the time for an answer, if it has a deadline: the question may have been asked before.
    pub left: Option<Length>,
    /// Why there are not enough people who may answer it, if there are not.
    pub shortage: Option<String>,
}

/// What came of asking.
#[derive(Debug, Clone, PartialEq)]
pub enum Reaction {
    /// Somebody answered.
    Answered {
        /// What.
        said: Said,
        /// Who.
        by: Decider,
    },
    /// As many as are wanted have said this, in a world in which it is no matter who they are.
    Agreed {
        /// What.
        said: Said,
        /// One of them.
        by: Decider,
    },
    /// Nobody is there: the run is suspended until `runbook answer`.
    Nobody,
    /// This world asks nobody; the confirm counts as agreed.
    Withheld,
    /// The deadline passed.
    TimedOut,
}

/// A decision about a step that only a person can take.
#[derive(Debug, Clone, PartialEq)]
pub enum Choice {
    /// A step failed.
    Failed {
        /// The step.
        path: StepPath,
        /// What was asked for; absent when the script itself failed.
        spec: Option<StepSpec>,
        /// Why, in one line.
        why: String,
        /// The steps whose changes are owed, in the order in which a rollback takes them back.
        owed: Vec<StepPath>,
        /// Whether this happened while rolling back.
        rolling_back: bool,
    },
    /// A step is in doubt.
    InDoubt {
        /// The step.
        path: StepPath,
        /// What was asked for.
        spec: StepSpec,
        /// What is known.
        known: String,
    },
}

/// What a person chose.
#[derive(Debug, Clone, PartialEq)]
pub enum Chosen {
    /// Try the step again.
    Retry(Decider),
    /// Pass over it.
    Skip {
        /// Who.
        by: Decider,
        /// Why.
        why: String,
    },
    /// Roll back what was done.
    RollBack(Decider),
    /// Stop here; the run stays resumable.
    Stop,
    /// It took effect (in doubt only).
    Did {
        /// Who.
        by: Decider,
        /// Why.
        why: String,
    },
    /// It did not (in doubt only).
    DidNot {
        /// Who.
        by: Decider,
        /// Why.
        why: String,
    },
}

/// A value counts as passed unless it is `false` or nothing.
#[must_use]
pub fn passes(value: &Value) -> bool {
    !matches!(value, Value::Bool(false) | Value::Null)
}
