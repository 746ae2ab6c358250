//! One play of the script: its calls are served until it ends.

use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use runbook_model::decide::Refusal;
use runbook_model::entry::{Entry, Mode};
use runbook_model::failure::Failure;
use runbook_model::outcome::Outcome;
use runbook_model::path::StepPath;
use runbook_model::person::Decider;
use runbook_model::rollback;
use runbook_model::state::{RunState, Step, StepPhase};
use runbook_model::status::RunStatus;
use runbook_model::step::{OnFailure, StepKind};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use super::desk::Desk;
use super::recovery::Recovery;
use super::{Halt, Refused};
use crate::line::Call;
use crate::report::Progress;
use crate::script::{Actor, Diagnostics, Ending, ScriptFailure};
use crate::watch::watch;
use crate::world::{Choice, Chosen};

/// The pace of the live line. A tick costs a look at the clock.
pub(super) const TICK: Duration = Duration::from_millis(100);
/// The audit trail is offered news every so many ticks: a commit costs more.
const TICKS_PER_SEAL: u32 = 5;
/// So many calls are served before anything else has its turn again: a tenth of a tick, when each of them is a step of a rehearsal.
const IN_A_ROW: usize = 256;
/// How long a script may compute, without a step, when the run is to stop.
const SILENCE: Duration = Duration::from_secs(1);
/// How long the end of a step waits for the intent of the next to share a flush with it. A script needs some microseconds
/// from one step to the next; one that computes for longer shall not keep from the operator what is done.
const LULL: Duration = Duration::from_millis(1);

/// What happens after a failure that the script did not catch.
pub(super) enum After {
    /// The script is played again: finished steps are replayed, the failed one is open or skipped.
    Again,
    /// What was done is rolled back.
    RollBack(Decider, String),
    /// The session ends.
    Stop(RunStatus),
}

impl Desk {
    /// Serves the script's calls until `work` on the script thread of `actor` ends.
    pub(super) async fn serve_while(
        self: &Rc<Self>,
        actor: &Actor,
        work: impl Future<Output = Ending>,
        calls: &mut mpsc::UnboundedReceiver<Call>,
    ) -> Ending {
        let mut tasks = JoinSet::new();
        let mut heard = Instant::now();
        let tick = sleep_until(self.due.get());
        // A call that has just come is about to flush by itself: no timer is set then, which would only wake us for nothing.
        let mut expecting = false;
        tokio::pin!(work, tick);
        loop {
            tokio::select! {
                biased;
                () = &mut tick => {
                    if let Err(halt) = self.tick() {
                        self.halt(halt);
                    }
                    // It may compute for minutes before it meets a limit, and asks for nothing that could be refused meanwhile.
                    if self.interrupts.wanted() && tasks.is_empty() && heard.elapsed() > SILENCE {
                        self.halt(Halt::Interrupted);
                        actor.hang_up();
                    }
                    tick.as_mut().reset(self.due.get());
                }
                Some(call) = calls.recv() => {
                    expecting = self.converse(call, calls, &mut tasks).await;
                    heard = Instant::now();
                }
                ending = &mut work => break ending,
                Some(ended) = tasks.join_next(), if !tasks.is_empty() => {
                    expecting = false;
                    heard = Instant::now();
                    if ended.is_err() {
                        self.halt(Halt::Interrupted);
                    }
                }
                () = tokio::time::sleep(LULL), if !expecting && self.ledger.is_unheard() => {
                    if let Err(halt) = self.ledger.sync_now() {
                        self.halt(halt);
                    }
                }
            }
        }
    }

    /// Serves a call, and those that follow at once. True when the last of them has to wait for something: it is a task now.
    async fn converse(self: &Rc<Self>, first: Call, calls: &mut mpsc::UnboundedReceiver<Call>, tasks: &mut JoinSet<()>) -> bool {
        let mut next = Some(first);
        for _ in 0..IN_A_ROW {
            let Some(call) = next else { return false };
            let desk = Rc::clone(self);
            let mut served = Box::pin(async move { desk.serve(call).await });
            // As in a task: a panic ends this call, and closes the session. The script may have its answer by then.
            let first_turn = poll_fn(|task| {
                let polled = catch_unwind(AssertUnwindSafe(|| served.as_mut().poll(task)));
                Poll::Ready(polled.unwrap_or_else(|_| {
                    self.halt(Halt::Interrupted);
                    Poll::Ready(())
                }))
            });
            if first_turn.await.is_pending() {
                tasks.spawn_local(served);
                return true;
            }
            next = watch(|| calls.try_recv().ok());
        }
        let Some(call) = next else { return false };
        let desk = Rc::clone(self);
        tasks.spawn_local(async move { desk.serve(call).await });
        // Signals and the clock are heard when this task rests.
        tokio::task::yield_now().await;
        true
    }

    /// Waits for `work` outside of a play, where no calls come.
    pub(super) async fn beside<T>(&self, work: impl Future<Output = Result<T, Halt>>) -> Result<T, Halt> {
        let tick = sleep_until(self.due.get());
        tokio::pin!(work, tick);
        loop {
            tokio::select! {
                biased;
                done = &mut work => return done,
                () = &mut tick => {
                    self.tick()?;
                    tick.as_mut().reset(self.due.get());
                }
            }
        }
    }

    /// What happens beside the steps: promises of time, the live line, the audit trail.
    fn tick(&self) -> Result<(), Halt> {
        let ticked = self.ticked();
        // Counted from its end: one that takes long (a slow terminal) must not keep everything else from its turn.
        self.due.set(Instant::now() + TICK);
        ticked
    }

    fn ticked(&self) -> Result<(), Halt> {
        let broken = self.budgets.borrow_mut().broken(self.world.monotonic_millis());
        for (path, budget) in broken {
            self.write(Entry::BudgetBroken { path, budget })?;
        }
        if self.ledger.is_unheard() {
            self.ledger.sync_now()?;
        }
        self.ledger.progress(&Progress::Tick);
        self.ticks.set(self.ticks.get().wrapping_add(1));
        if self.ticks.get().is_multiple_of(TICKS_PER_SEAL) {
            self.offer_seal()?;
        }
        Ok(())
    }

    /// Plays the script until the run ends one way or the other.
    pub(super) async fn forward(
        self: &Rc<Self>,
        actor: &Actor,
        calls: &mut mpsc::UnboundedReceiver<Call>,
    ) -> Result<RunStatus, Halt> {
        loop {
            self.rewind();
            match self.serve_while(actor, actor.play(self.prompter()), calls).await {
                Ending::Completed => {
                    if let Some(halt) = self.take_halt() {
                        return Err(halt);
                    }
                    if let Some(recorded) = self.passed_by(&StepPath::root()) {
                        return Err(Refusal::PassedBy { recorded, asked: "the end".to_owned() }.into());
                    }
                    return Ok(self.completed());
                }
                Ending::HungUp => match self.take_halt() {
                    Some(Halt::RollBack { at }) if self.refuses_to_turn_around() => return Ok(RunStatus::Suspended { at }),
                    Some(Halt::RollBack { at }) => {
                        return self.roll_back(actor, calls, Decider::Runbook, format!("nobody answered `{at}` in time")).await;
                    }
                    halt => return Err(halt.unwrap_or(Halt::Interrupted)),
                },
                Ending::Unknowable(diagnostics) => {
                    if let Some(halt) = self.take_halt() {
                        return Err(halt);
                    }
                    let message = self.explain(diagnostics);
                    return Ok(RunStatus::Unknowable { message });
                }
                Ending::Failed(failure) => {
                    if let Some(halt) = self.take_halt() {
                        return Err(halt);
                    }
                    match self.after_failure(&failure).await? {
                        After::Again => {}
                        After::Stop(status) => return Ok(status),
                        After::RollBack(by, why) => return self.roll_back(actor, calls, by, why).await,
                    }
                }
            }
        }
    }

    fn completed(&self) -> RunStatus {
        let state = self.ledger.state();
        let unknown = |step: &Step| matches!(step.phase, StepPhase::Ended(Outcome::Unknown { .. }));
        match state.started().mode {
            Mode::Live => RunStatus::Completed,
            Mode::Rehearsal => RunStatus::Rehearsed {
                unknown: u32::try_from(state.steps().iter().filter(|step| unknown(step)).count()).unwrap_or(u32::MAX),
            },
        }
    }

    /// Asks what to do about a failure; does what the runbook says when nobody is there.
    async fn after_failure(&self, failure: &ScriptFailure) -> Result<After, Halt> {
        self.ledger.sync().await?;
        self.seal_now("at a failure").await;
        let step = failure.step.as_ref().and_then(|path| self.ledger.state().step(path).cloned());
        let branches = step.as_ref().and_then(|step| failed_branches(&self.ledger.state(), &step.path));
        let why = match branches.or_else(|| step.as_ref().and_then(failed_line)) {
            Some(line) => line,
            None => self.explain(failure.diagnostics.clone()),
        };
        let owed = rollback::owing(&self.ledger.state()).into_iter().cloned().collect();
        let chosen = match &step {
            Some(step) if step.is_doubtful() && !step.settles() => {
                let Some(spec) = step.open_spec() else { return Ok(After::Stop(stopped(Some(step), why))) };
                return match self.ask_about(&step.path, spec, why).await? {
                    Recovery::Settled | Recovery::Again | Recovery::Ended(_) | Recovery::AskScript(_) => Ok(After::Again),
                };
            }
            // Whoever has said no is not asked how to go on all the same.
            Some(step) if is_declined(step) => None,
            step => {
                let path = step.as_ref().map(|step| step.path.clone()).unwrap_or_default();
                let spec = step.as_ref().and_then(|step| step.intent().map(|intent| intent.into_owned().spec));
                self.choose(Choice::Failed { path, spec, why: why.clone(), owed, rolling_back: false }).await
            }
        };
        match (chosen, &step) {
            (Some(Chosen::Retry(by)), Some(step)) => {
                let together = self.ledger.state().failed_together(&step.path);
                for path in together {
                    self.write(Entry::StepRetried { path, by: by.clone() })?;
                }
                Ok(After::Again)
            }
            (Some(Chosen::Skip { by, why: reason }), Some(step)) => {
                let together = self.ledger.state().failed_together(&step.path);
                if together.iter().any(|path| self.is_question(path)) {
                    return Ok(After::Stop(stopped(Some(step), why)));
                }
                for path in together {
                    if !self.skip(path, by.clone(), reason.clone())? {
                        return Ok(After::Stop(stopped(Some(step), why)));
                    }
                }
                Ok(After::Again)
            }
            (Some(Chosen::RollBack(_)), step) if self.refuses_to_turn_around() => Ok(After::Stop(stopped(step.as_ref(), why))),
            (Some(Chosen::RollBack(by)), _) => Ok(After::RollBack(by, why)),
            (Some(_), step) => Ok(After::Stop(stopped(step.as_ref(), why))),
            (None, step) => {
                let turns_around = {
                    let state = self.ledger.state();
                    state.started().mode == Mode::Live && state.started().on_failure == OnFailure::Rollback
                };
                if turns_around && !self.refuses_to_turn_around() {
                    return Ok(After::RollBack(Decider::Runbook, why));
                }
                Ok(After::Stop(stopped(step.as_ref(), why)))
            }
        }
    }

    /// Whether the run stops where it would be rolled back, and says why: the machine that had it before may have made changes
    /// that nobody here knows, and they would stay.
    fn refuses_to_turn_around(&self) -> bool {
        let (run, is_uncharted) = {
            let state = self.ledger.state();
            (state.run(), state.is_uncharted())
        };
        if is_uncharted {
            self.ledger.progress(&Progress::Notice { text: Refused::Uncharted(run).to_string() });
        }
        is_uncharted
    }

    /// Whether a step is a confirm: nobody may pass over one, or `by` and `quorum` would hold for those only who ask for them.
    fn is_question(&self, path: &StepPath) -> bool {
        let state = self.ledger.state();
        let spec = state.step(path).and_then(|step| step.intent().map(|intent| intent.into_owned().spec));
        spec.is_some_and(|spec| matches!(spec.kind, StepKind::Confirm(_)))
    }

    /// Passes over a step that failed. False: whoever chose so could not sign it, and it does not count.
    pub(super) fn skip(&self, path: StepPath, by: Decider, why: String) -> Result<bool, Halt> {
        let skip = Entry::StepSkipped { path, by, why };
        if let Err(unsigned) = self.sign(&skip)? {
            self.ledger.progress(&Progress::Notice { text: format!("the choice does not count: {unsigned}") });
            return Ok(false);
        }
        self.write(skip)?;
        Ok(true)
    }

    /// Shows what is wrong with the script where it stands; gives it in one line, for the record.
    pub(super) fn explain(&self, diagnostics: Diagnostics) -> String {
        let line = match diagnostics.location() {
            Some(at) => format!("{} ({}:{}:{})", diagnostics.line(), at.file, at.line, at.column),
            None => diagnostics.line(),
        };
        self.ledger.progress(&Progress::Script { diagnostics });
        line
    }

    /// Asks a person. Ctrl-C here is the choice to stop: the run is then what its step made it, failed or in doubt, and
    /// not merely interrupted.
    pub(super) async fn choose(&self, choice: Choice) -> Option<Chosen> {
        let _turn = self.asking.lock().await;
        self.ledger.progress(&Progress::Quiet);
        let chosen = tokio::select! {
            biased;
            () = self.interrupts.first() => Some(Chosen::Stop),
            chosen = self.world.choose(&choice) => chosen,
        };
        self.ledger.progress(&Progress::Heard);
        chosen
    }
}

/// What became of the items, when this step made a branch of a `parallel` fail and the whole with it.
fn failed_branches(state: &RunState, path: &StepPath) -> Option<String> {
    let parallel = state.parallel_around(path)?;
    let made_it_fail = || parallel.failures().any(|(_, failure)| failure.step.as_ref() == Some(path));
    (parallel.has_failed() && made_it_fail()).then(|| parallel.line())
}

fn is_declined(step: &Step) -> bool {
    matches!(step.phase, StepPhase::Ended(Outcome::Failed(Failure::Declined { .. })))
}

fn failed_line(step: &Step) -> Option<String> {
    match &step.phase {
        StepPhase::Ended(Outcome::Failed(failure)) => Some(failure.line()),
        _ => None,
    }
}

/// What a run is that stops at this failure.
fn stopped(step: Option<&Step>, message: String) -> RunStatus {
    match step {
        Some(step) => match &step.phase {
            StepPhase::Ended(Outcome::Failed(Failure::Declined { .. })) => RunStatus::Declined { at: step.path.clone() },
            _ if step.is_doubtful() && !step.settles() => RunStatus::InDoubt { at: step.path.clone() },
            _ => RunStatus::Failed { at: Some(step.path.clone()), message },
        },
        None => RunStatus::Failed { at: None, message },
    }
}
