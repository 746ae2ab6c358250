//! The threads on which branches are performed.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rhai::{Dynamic, Engine, EvalAltResult};
use runbook_model::entry::BranchFailure;
use runbook_model::path::StepPath;

use super::super::conversation::misunderstood;
use crate::operation::{Operation, Reply};
use crate::script::diagnosis::code::Code;
use crate::script::diagnosis::complaint::Called;
use crate::script::diagnosis::diagnostic::Diagnostic;
use crate::script::performing::blame::blame;
use crate::script::performing::depth::STACK;
use crate::script::performing::here;
use crate::script::performing::stage::{Stage, Stop};
use crate::script::values::closure::Closure;
use crate::script::values::frozen::frozen;

/// How a branch ended.
#[derive(Debug)]
pub(super) enum Ended {
    /// With this value.
    Done(Dynamic),
    /// With an error.
    Failed {
        /// What the script sees of it.
        error: Dynamic,
        /// What the journal keeps of it.
        failure: BranchFailure,
    },
}

/// The branches of one `parallel`.
pub(super) struct Branches<'a> {
    engine: &'a Engine,
    stage: &'a Stage,
    path: &'a StepPath,
    body: Closure,
    items: &'a [(String, Dynamic)],
    /// The places of the items, in the order in which their branches begin.
    order: Vec<usize>,
    /// How many of `order` have begun before this play.
    begun: usize,
    /// How many of `order` are taken.
    taken: AtomicUsize,
    ended: Mutex<Vec<Option<Ended>>>,
    /// An error that no script may judge, such as a limit of Rhai.
    fatal: Mutex<Option<Box<EvalAltResult>>>,
}

impl<'a> Branches<'a> {
    /// Branches of which those in `begun` come first: how many of them failed is known before another begins.
    pub(super) fn new(
        engine: &'a Engine,
        stage: &'a Stage,
        path: &'a StepPath,
        body: Closure,
        items: &'a [(String, Dynamic)],
        begun: &[String],
    ) -> Self {
        let begun: BTreeSet<_> = begun.iter().map(String::as_str).collect();
        let (mut order, new): (Vec<_>, Vec<_>) = (0..items.len()).partition(|at| begun.contains(items[*at].0.as_str()));
        let begun = order.len();
        order.extend(new);
        let ended = Mutex::new(items.iter().map(|_| None).collect());
        Self { engine, stage, path, body, items, order, begun, taken: AtomicUsize::new(0), ended, fatal: Mutex::default() }
    }

    /// Performs them, so many at a time, and returns when none runs any more.
    pub(super) fn perform(&self, at_once: u32) -> Called<()> {
        let threads = usize::try_from(at_once).unwrap_or(usize::MAX).clamp(1, self.items.len());
        let began = std::thread::scope(|scope| {
            let mut began = 0;
            for _ in 0..threads {
                let thread = std::thread::Builder::new().name("branch".to_owned()).stack_size(STACK);
                match thread.spawn_scoped(scope, || self.work()) {
                    Ok(_) => began += 1,
                    // Fewer at a time are no fault, as long as there is one.
                    Err(error) => {
                        tracing::warn!(%error, began, "the thread of a branch could not be started");
                        break;
                    }
                }
            }
            began
        });
        if began == 0 {
            let message = "no thread could be started for the branches of a `parallel`";
            return Err(self.stage.halt(Stop::Refused(Box::new(Diagnostic::error(Code::Internal, message)))));
        }
        Ok(())
    }

    /// How each ended, in the order of the items; `None` for those that were never begun, or came to rest.
    pub(super) fn ended(&self) -> Called<Vec<Option<Ended>>> {
        match locked(&self.fatal).take() {
            Some(error) => Err(error),
            None => Ok(std::mem::take(&mut *locked(&self.ended))),
        }
    }

    fn work(&self) {
        // A native function of Rhai that panics must not take the run with it: the journal knows what was done.
        if catch_unwind(AssertUnwindSafe(|| self.one_after_the_other())).is_err() {
            let message = "the script room panicked in a branch";
            drop(self.stage.halt(Stop::Refused(Box::new(Diagnostic::error(Code::Internal, message)))));
        }
    }

    fn one_after_the_other(&self) {
        let mut rested = false;
        while self.next(&mut rested) {}
    }

    /// The place of the next item. A branch that rests keeps its room: a thread that has rested takes no item that another one may
    /// soon have room for, or that item would be passed over and one behind it begin.
    fn take(&self, rested: bool) -> Option<usize> {
        let end = if rested { self.begun } else { self.order.len() };
        let next = |taken: usize| (taken < end).then_some(taken + 1);
        let taken = self.taken.fetch_update(Ordering::SeqCst, Ordering::SeqCst, next).ok()?;
        self.order.get(taken).copied()
    }

    /// Performs the branch of the next item; false when no other begins.
    fn next(&self, rested: &mut bool) -> bool {
        if self.stage.has_stopped() || locked(&self.fatal).is_some() {
            return false;
        }
        let Some(at) = self.take(*rested) else { return false };
        let (key, item) = &self.items[at];
        let path = self.path.child(key, 1);
        match self.stage.perform(Operation::EnterBranch { path: path.clone() }) {
            Ok(Reply::GoOn) => {}
            Ok(Reply::Nothing) | Err(_) => return false,
            Ok(_) => {
                drop(misunderstood(self.stage, &path.to_string()));
                return false;
            }
        }
        here::begin_branch(&path);
        let result = self.body.for_branch().call_with(self.engine, item.clone());
        if here::take_resting() {
            *rested = true;
            return true;
        }
        if self.stage.has_stopped() {
            return false;
        }
        let ended = match result {
            Ok(value) => Ended::Done(frozen(&value)),
            Err(error) if !error.is_catchable() => {
                locked(&self.fatal).get_or_insert(error);
                return false;
            }
            Err(error) => match self.failed(error) {
                Some(failed) => failed,
                None => return false,
            },
        };
        let failed = match &ended {
            Ended::Done(_) => None,
            Ended::Failed { failure, .. } => Some(failure.clone()),
        };
        locked(&self.ended)[at] = Some(ended);
        self.stage.perform(Operation::LeaveBranch { path, failed }).is_ok()
    }

    /// How a branch failed; `None` when whether it does is what a rehearsal cannot know, and everything stops.
    fn failed(&self, error: Box<EvalAltResult>) -> Option<Ended> {
        let thrown = match error.unwrap_inner() {
            EvalAltResult::ErrorRuntime(thrown, _) => Some(frozen(thrown)),
            _ => None,
        };
        let blamed = blame(error, &self.stage.script);
        let code = blamed.diagnostic.code;
        if code == Code::Unknowable {
            drop(self.stage.unknowable_here(blamed.diagnostic));
            return None;
        }
        let mut message = match blamed.diagnostic.span.as_ref().filter(|_| blamed.step.is_none()) {
            Some(span) => format!("{} ({}:{}:{})", blamed.diagnostic.message, span.file, span.line, span.column),
            None => blamed.diagnostic.message,
        };
        // An error that the script itself throws explains itself; for a mistake in it there is a page.
        if !matches!(code, Code::ScriptError | Code::StepFailed) {
            message = format!("{message} [{}]", code.id());
        }
        Some(Ended::Failed {
            error: thrown.unwrap_or_else(|| message.clone().into()),
            failure: BranchFailure { step: blamed.step, message },
        })
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What is in it stays whole when a holder panics: every change of it is one assignment.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
