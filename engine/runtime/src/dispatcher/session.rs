//! The façade for front ends: a session takes a run, does something with it, and lets go of it.

use std::collections::BTreeMap;
use std::rc::Rc;

use runbook_model::answer::Said;
use runbook_model::approval::{self, NotAllowed};
use runbook_model::entry::{Entry, Mode, Purpose, Record, RunStarted, Session as Taken, Source, Verdict};
use runbook_model::id::{RunId, Seq};
use runbook_model::length::Length;
use runbook_model::lock::Locks as Wanted;
use runbook_model::outcome::Outcome;
use runbook_model::path::StepPath;
use runbook_model::person::{Decider, Person};
use runbook_model::rollback;
use runbook_model::state::{RunState, Step, StepPhase, Work};
use runbook_model::status::RunStatus;
use runbook_model::step::{StepKind, StepSpec};

use super::Halt;
use super::desk::Desk;
use super::interrupts::Interrupts;
use super::ledger::Ledger;
use super::locking::{self, Locks, NoLock};
use super::notary::{Notary, Unsigned};
use super::sealing::{Sealer, Sealing};
use crate::anchor::Fence;
use crate::audit::{Archivist, SourceText};
use crate::journal::{Claim, CreateError, Holder, Journal, OpenError, RunDir, SourceError};
use crate::operation::Line;
use crate::report::{Progress, Reporter};
use crate::script::{Diagnostics, Pinned, Program};
use crate::signing::Signing;
use crate::world::World;

/// What every session needs, whatever it is for.
pub struct Opening {
    /// Where the run lives.
    pub dir: RunDir,
    /// Who is there.
    pub operator: Person,
    /// The boot of the machine.
    pub boot: String,
    /// The version of the engine, for the record.
    pub engine: String,
    /// Where effects happen.
    pub world: Rc<dyn World>,
    /// Who hears of it.
    pub reporters: Vec<Box<dyn Reporter>>,
    /// The audit trail; none when the run is unsealed.
    pub archivist: Option<Archivist>,
    /// The operator's signals.
    pub interrupts: Interrupts,
    /// What the operator signs with.
    pub signing: Signing,
    /// Whether the run still belongs to this process.
    pub fence: Fence,
    /// From which machine it was taken without its consent, and why.
    pub taken_over: Option<String>,
    /// Records before this one came from another machine: what became of their steps, no evidence here can tell.
    pub brought: Seq,
}

/// A run that this process holds.
pub struct Session {
    desk: Rc<Desk>,
}

/// How a session ended.
#[derive(Debug)]
pub struct Finished {
    /// The run.
    pub run: RunId,
    /// What it is now.
    pub status: RunStatus,
    /// Whether it is in the audit trail.
    pub sealing: Sealing,
    /// Why it stopped where it is, when it did not come to an end.
    pub halt: Option<Halt>,
    /// Whether the run has come to any step at all.
    pub begun: bool,
}

/// Why a session could not do what it was asked for. Nothing was run.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// The run cannot be made.
    #[error(transparent)]
    Create(#[from] CreateError),
    /// The run cannot be taken.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// A source cannot be pinned, or the pinned one is not what the journal says.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The journal cannot be written.
    #[error(transparent)]
    Halt(#[from] Halt),
    /// The journal holds records that cannot follow each other.
    #[error("the journal of run {run} is damaged: {illegal}; `runbook verify {run}` says more")]
    Illegal {
        /// The run.
        run: RunId,
        /// The record.
        illegal: runbook_model::state::Illegal,
    },
    /// The journal has no records: its process died before it had begun.
    #[error("run {0} never began: its journal is empty, and nothing was run")]
    Empty(RunId),
    /// The journal is not the one that the audit trail remembers.
    #[error("{why}; nothing was run: `runbook verify {run}` says more")]
    Diverged {
        /// The run.
        run: RunId,
        /// What differs.
        why: String,
    },
    /// A lock that the run needs is not to be had.
    #[error(transparent)]
    Locked(#[from] NoLock),
    /// The pinned source does not load in this engine.
    #[error("the pinned source of run {run} does not load")]
    Script {
        /// The run.
        run: RunId,
        /// What is wrong with it.
        diagnostics: Diagnostics,
    },
    /// The run cannot be sealed, and it was not to run unsealed.
    #[error("the run cannot be sealed, so it was not started: {why}")]
    Unsealable {
        /// Why.
        why: String,
    },
    /// The operator's key does not sign, and has to.
    #[error("{0}; nothing was run")]
    Unsigned(#[from] Unsigned),
    /// Another machine may have gone further than the journal says.
    #[error(
        "run {0} was taken over, and how far the other machine got is not known yet; nothing was rolled back: `runbook resume {0}` finds out"
    )]
    Uncharted(RunId),
    /// There is nothing to do.
    #[error("run {run} is {} already; there is nothing to {verb}", .status.word())]
    Final {
        /// The run.
        run: RunId,
        /// What it is.
        status: RunStatus,
        /// What was wanted.
        verb: &'static str,
    },
    /// A rehearsal cannot be continued or rolled back.
    #[error("run {0} is a rehearsal: it changed nothing, and cannot be continued")]
    Rehearsal(RunId),
    /// No such step, or several.
    #[error("`{step}` names {} of run {run}{}", counted(.candidates.len()), listed(.candidates))]
    Step {
        /// The run.
        run: RunId,
        /// What was given.
        step: String,
        /// The steps that it could mean.
        candidates: Vec<StepPath>,
    },
    /// The step is not in doubt.
    #[error("step `{0}` is not in doubt")]
    NotInDoubt(StepPath),
    /// The step was in doubt, and evidence has settled it.
    #[error(
        "step `{step}` is not in doubt: what became of it was found out and is recorded; `runbook resume {run}` goes on from there"
    )]
    FoundOut {
        /// The run.
        run: RunId,
        /// The step.
        step: StepPath,
    },
    /// No confirm waits.
    #[error("run {0} does not wait for an answer")]
    NotWaiting(RunId),
    /// Nobody answered in time, and what that means the runbook says.
    #[error(
        "the {deadline} for an answer to `{question}` are over; nothing was recorded: `runbook resume {run}` does what the runbook says about that"
    )]
    TooLate {
        /// The run.
        run: RunId,
        /// The question.
        question: String,
        /// How long an answer may take.
        deadline: Length,
    },
    /// This answer does not fit the question.
    #[error("`{given}` does not answer `{question}`: {want}")]
    WrongAnswer {
        /// What was given.
        given: String,
        /// The question.
        question: String,
        /// What is wanted.
        want: String,
    },
    /// This person may not answer.
    #[error(transparent)]
    NotAllowed(#[from] NotAllowed),
}

fn counted(candidates: usize) -> &'static str {
    if candidates == 0 { "no open step" } else { "several steps" }
}

fn listed(candidates: &[StepPath]) -> String {
    candidates.iter().map(|path| format!("\n  {path}")).collect()
}

impl Session {
    /// Starts a run: writes its first records, pins its sources, and seals both before anything else happens.
    ///
    /// # Errors
    /// When the run cannot be written down or sealed; nothing was run then.
    pub async fn exec(opening: Opening, started: RunStarted, program: &Program) -> Result<Finished, Refused> {
        let sources = program.sources();
        let mut opening = opening;
        let wanted = if started.mode == Mode::Live { started.locks.clone() } else { Wanted::default() };
        let locks = locks(&mut opening, &started.runbook, &wanted).await?;
        let journal = Journal::create(&opening.dir, &holder(&opening, Purpose::Exec))?;
        let texts: Vec<_> = sources.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        opening.dir.pin(&texts)?;
        let first = journal.append(Entry::RunStarted(Box::new(started)), opening.world.now()).map_err(Halt::from)?;
        let state = RunState::begin(&first).map_err(Halt::from)?;
        let session = Self::new(opening, journal, state, &sources, Purpose::Exec, Some(&first), locks)?;
        // Before the seal: a journal that cannot be flushed is another fault than a trail that cannot be written.
        session.desk.ledger.sync().await?;
        if let Err(why) = session.desk.try_seal("before the first step").await {
            let status = RunStatus::Abandoned { why: "it could not be sealed".to_owned() };
            session.desk.ledger.write_durably(Entry::SessionEnded { status }, session.desk.now()).await?;
            return Err(Refused::Unsealable { why });
        }
        session.desk.locked(&StepPath::root(), &wanted)?;
        Ok(session.forward(program, None).await)
    }

    /// Goes on with a run: forward by replaying its pinned source, or with its rollback.
    ///
    /// # Errors
    /// When there is nothing to go on with, or the run cannot be taken; nothing was run then.
    pub async fn resume(mut opening: Opening, adopt: Option<&Program>) -> Result<Finished, Refused> {
        let (journal, state) = take(&opening, Purpose::Resume)?;
        let run = opening.dir.run();
        refuse_final(&state, "resume")?;
        let (mut sources, before) = (sources_of(&opening.dir, &state)?.1, state.sources().to_vec());
        let (program, adopted) = match adopt {
            Some(edited) => {
                let new = edited.sources();
                let texts: Vec<_> = new.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
                let adopted = opening.dir.pin(&texts)?;
                sources.extend(new);
                (edited.clone(), Some(adopted))
            }
            None => (pinned(&opening.dir, &state)?.0, None),
        };
        let stopped_at = match state.status() {
            RunStatus::Failed { at: Some(at), .. }
            | RunStatus::Declined { at }
            | RunStatus::InDoubt { at }
            | RunStatus::Stuck { at, .. } => Some(at.clone()),
            _ => None,
        };
        let back = state.rollback().is_some();
        let operator = Decider::Person(opening.operator.clone());
        let needed = locking::needed(&state, back);
        let locks = locks(&mut opening, &state.started().runbook, &needed).await?;
        let session = Self::new(opening, journal, state, &sources, Purpose::Resume, None, locks)?;
        session.desk.locked(&StepPath::root(), &needed)?;
        if let Err(halt) = session.desk.beside(session.reopen(stopped_at, operator.clone())).await {
            return Ok(session.finish(run, Err(halt)).await);
        }
        // Not before the script is about to be played: an edit that nobody has replayed is not kept.
        let before = match adopted {
            Some(sources) => {
                session.desk.write(Entry::Adopted { sources, by: operator })?;
                Some(before)
            }
            None => None,
        };
        if back { Ok(session.backward(&program).await) } else { Ok(session.forward(&program, before).await) }
    }

    /// Rolls a run back, also one that completed long ago.
    ///
    /// # Errors
    /// When the run cannot be taken; nothing was run then.
    pub async fn roll_back(mut opening: Opening, why: String) -> Result<Finished, Refused> {
        let (journal, state) = take(&opening, Purpose::Rollback)?;
        let run = opening.dir.run();
        if state.started().mode == Mode::Rehearsal {
            return Err(Refused::Rehearsal(run));
        }
        if matches!(state.status(), RunStatus::RolledBack | RunStatus::Abandoned { .. }) {
            return Err(Refused::Final { run, status: state.status().clone(), verb: "roll back" });
        }
        if state.is_uncharted() || opening.taken_over.is_some() {
            return Err(Refused::Uncharted(run));
        }
        let (program, sources) = pinned(&opening.dir, &state)?;
        let stuck_at = match state.status() {
            RunStatus::Stuck { at, .. } => Some(at.clone()),
            _ => None,
        };
        let back = state.rollback().is_some();
        let operator = Decider::Person(opening.operator.clone());
        let needed = locking::needed(&state, true);
        let locks = locks(&mut opening, &state.started().runbook, &needed).await?;
        let session = Self::new(opening, journal, state, &sources, Purpose::Rollback, None, locks)?;
        session.desk.locked(&StepPath::root(), &needed)?;
        let begun = async {
            if back {
                return session.reopen(stuck_at, operator).await;
            }
            let (line, mut calls) = Line::new();
            let settles = session.desk.ledger.state().doubtful().iter().any(|step| step.settles());
            let actor = settles.then(|| session.cast(&program, line));
            session.desk.beside(session.desk.settle_doubts(actor.as_ref(), &mut calls)).await?;
            drop((actor, calls));
            let desk = &session.desk;
            desk.ledger.write_durably(Entry::RollbackStarted { by: operator, why }, desk.now()).await?;
            Ok(())
        };
        match begun.await {
            Err(halt) => Ok(session.finish(run, Err(halt)).await),
            Ok(()) => Ok(session.backward(&program).await),
        }
    }

    /// Settles a step in doubt. A command that still runs is waited for first.
    ///
    /// # Errors
    /// When the step is not in doubt or evidence settles it, or the run cannot be taken.
    pub async fn resolve(opening: Opening, step: &str, verdict: Verdict, why: String) -> Result<Finished, Refused> {
        let (journal, state) = take(&opening, Purpose::Resolve)?;
        let run = opening.dir.run();
        let path = named(&state, step, |step| step.is_doubtful() || step.is_haunted())?;
        let attempt = state.step(&path).map(|step| step.attempt).ok_or_else(|| Refused::NotInDoubt(path.clone()))?;
        let by = Decider::Person(opening.operator.clone());
        let (_, sources) = sources_of(&opening.dir, &state)?;
        let session = Self::unlocked(opening, journal, state, &sources, Purpose::Resolve)?;
        // Evidence comes before anybody's word: a command that still runs is waited for, or there would be two of it.
        let desk = Rc::clone(&session.desk);
        let open = desk.beside(desk.is_open_to_word(&path)).await;
        match open {
            Ok(true) => {
                let verdict = Entry::StepResolved { path: path.clone(), attempt, verdict, by, why };
                if let Err(unsigned) = session.desk.sign(&verdict)? {
                    session.finish(run, Ok(RunStatus::InDoubt { at: path })).await;
                    return Err(unsigned.into());
                }
                session.desk.write(verdict)?;
            }
            Ok(false) => {
                session.finish(run, Ok(RunStatus::Interrupted)).await;
                return Err(Refused::FoundOut { run, step: path });
            }
            Err(halt) => {
                session.finish(run, Err(Halt::Interrupted)).await;
                return Err(halt.into());
            }
        }
        Ok(session.finish(run, Ok(RunStatus::Interrupted)).await)
    }

    /// Answers the confirm that a run waits for.
    ///
    /// # Errors
    /// When nothing waits, the answer does not fit, or this person may not give it.
    pub async fn answer(opening: Opening, said: Said, note: Option<String>) -> Result<Finished, Refused> {
        let (journal, state) = take(&opening, Purpose::Answer)?;
        let run = opening.dir.run();
        let Some((path, spec)) = waiting(&state) else { return Err(Refused::NotWaiting(run)) };
        let StepKind::Confirm(confirm) = &spec.kind else { return Err(Refused::NotWaiting(run)) };
        approval::fits(confirm, &said).map_err(|want| Refused::WrongAnswer {
            given: said.line(),
            question: spec.name.clone(),
            want,
        })?;
        approval::may_answer(confirm, &opening.operator, state.started(), state.operator())?;
        let asked = state.step(&path).map_or(state.started_at(), |step| step.since);
        let left = approval::left(confirm, asked, state.last_at(), opening.world.now());
        if let (Some(deadline), true) = (confirm.deadline, left.is_some_and(|left| left.millis() == 0)) {
            return Err(Refused::TooLate { run, question: spec.name.clone(), deadline });
        }
        let shown = approval::shown(&state, &path, &spec);
        let by = Decider::Person(opening.operator.clone());
        let (_, sources) = sources_of(&opening.dir, &state)?;
        let session = Self::unlocked(opening, journal, state, &sources, Purpose::Answer)?;
        let answer = Entry::ConfirmAnswered { path: path.clone(), said, by, shown, note };
        if let Err(unsigned) = session.desk.sign(&answer)? {
            session.finish(run, Ok(RunStatus::Suspended { at: path })).await;
            return Err(unsigned.into());
        }
        session.desk.write(answer)?;
        // More answers are wanted for it, or another branch waits for one.
        let status = match waiting(&session.desk.ledger.state()) {
            Some((at, spec)) if is_open(&session.desk.ledger.state(), &at, &spec) => RunStatus::Suspended { at },
            _ => RunStatus::Interrupted,
        };
        Ok(session.finish(run, Ok(status)).await)
    }

    pub(super) fn new(
        opening: Opening,
        journal: Journal,
        state: RunState,
        sources: &[(String, String)],
        purpose: Purpose,
        first: Option<&Record>,
        locks: Locks,
    ) -> Result<Self, Refused> {
        let mut reporters = opening.reporters;
        if let Some(first) = first {
            reporters.iter_mut().for_each(|reporter| reporter.fact(first));
        }
        let sealer = Sealer {
            archivist: opening.archivist,
            run: opening.dir.run(),
            journal: opening.dir.journal(),
            sources: sources.iter().map(|(name, text)| SourceText { name: name.clone(), text: text.clone() }).collect(),
        };
        let ledger = Ledger::new(journal, state, reporters, opening.fence);
        let notary = Notary { signing: opening.signing };
        let desk = Desk::new(ledger, opening.world, opening.interrupts, sealer, locks, notary, opening.brought);
        let session = Taken {
            purpose,
            operator: opening.operator,
            pid: std::process::id(),
            boot: opening.boot,
            engine: opening.engine,
            taken_over: opening.taken_over,
        };
        let started = Entry::SessionStarted(session);
        let before = desk.ledger.state().status().clone();
        desk.write(started.clone())?;
        if let Err(unsigned) = desk.sign(&started)? {
            let status = match first {
                Some(_) => RunStatus::Abandoned { why: "it could not be signed".to_owned() },
                None => before,
            };
            desk.write(Entry::SessionEnded { status })?;
            return Err(unsigned.into());
        }
        Ok(Self { desk: Rc::new(desk) })
    }

    /// A session that touches nothing but the journal, and needs no lock for that.
    pub(super) fn unlocked(
        opening: Opening,
        journal: Journal,
        state: RunState,
        sources: &[(String, String)],
        purpose: Purpose,
    ) -> Result<Self, Refused> {
        let locks = Locks::new(opening.dir.locks(), claim(&opening, &state.started().runbook));
        Self::new(opening, journal, state, sources, purpose, None, locks)
    }

    pub(super) fn desk(&self) -> &Rc<Desk> {
        &self.desk
    }

    /// A failed step, or a confirm that was declined, may be tried again: that is what resuming means. A step of which
    /// nobody knows whether it took effect is settled first. When branches of a `parallel` failed together, they are tried
    /// again together.
    async fn reopen(&self, stopped_at: Option<StepPath>, by: Decider) -> Result<(), Halt> {
        let Some(path) = stopped_at else { return Ok(()) };
        let together = self.desk.ledger.state().failed_together(&path);
        for path in together {
            let Some(step) = self.desk.ledger.state().step(&path).cloned() else { continue };
            match &step.phase {
                StepPhase::Ended(Outcome::Failed(failure)) if step.is_doubtful() && !step.settles() => {
                    if let Some(spec) = step.spec() {
                        self.desk.ask_about(&path, spec, failure.line()).await?;
                    }
                }
                StepPhase::Ended(Outcome::Failed(_)) => {
                    self.desk.write(Entry::StepRetried { path, by: by.clone() })?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// `before` are the sources from before an edit that is being adopted: an edit that does not replay is not kept.
    async fn forward(self, program: &Program, before: Option<Vec<Source>>) -> Finished {
        let run = self.desk.ledger.state().run();
        let (line, mut calls) = Line::new();
        let actor = self.cast(program, line);
        let mut ended = self.desk.forward(&actor, &mut calls).await;
        drop((actor, calls));
        if let Ok(status) = &ended
            && let Err(halt) = self.desk.make_plan(status).await
        {
            ended = Err(halt);
        }
        if let (Err(Halt::Mismatch(_)), Some(sources)) = (&ended, before)
            && let Err(halt) = self.desk.write(Entry::Adopted { sources, by: Decider::Evidence })
        {
            ended = Err(halt);
        }
        self.finish(run, ended).await
    }

    async fn backward(self, program: &Program) -> Finished {
        let run = self.desk.ledger.state().run();
        let (line, mut calls) = Line::new();
        let blocks = self.desk.ledger.state().owed().iter().any(|owed| !owed.done && owed.work == Work::Block);
        let actor = blocks.then(|| self.cast(program, line));
        if let Some(actor) = &actor {
            // Replaying the recorded part finds the blocks again. It ends where the record ends: the desk refuses
            // every step that would go forward.
            self.desk.rewind();
            self.desk.replay_only(true);
            self.desk.serve_while(actor.play(), &mut calls).await;
            self.desk.replay_only(false);
            match self.desk.take_halt() {
                None | Some(Halt::Mismatch(runbook_model::decide::Refusal::Backwards { .. })) => {}
                Some(halt) => return self.finish(run, Err(halt)).await,
            }
        }
        let ended = self.desk.continue_rollback(actor.as_ref(), &mut calls).await;
        drop((actor, calls));
        self.finish(run, ended).await
    }

    fn cast(&self, program: &Program, line: Line) -> crate::script::Actor {
        let state = self.desk.ledger.state();
        let started = state.started();
        let params: BTreeMap<_, _> = started.params.iter().map(|(name, given)| (name.clone(), given.value.clone())).collect();
        program.cast(&params, &started.settings, started.gate.as_ref(), line)
    }

    /// Writes the end of the session down and lets go of the run.
    pub(super) async fn finish(self, run: RunId, ended: Result<RunStatus, Halt>) -> Finished {
        let desk = &self.desk;
        let (status, mut halt) = match ended {
            Ok(status) => (Some(status), None),
            Err(halt) => (halt.status(), Some(halt)),
        };
        let Some(status) = status else {
            // Nothing more can be written: what is on disk is what counts, and the next session starts from it.
            let why = match &halt {
                Some(fenced @ Halt::Fenced(_)) => fenced.to_string(),
                _ => "the journal could not be written".to_owned(),
            };
            return Finished { run, status: RunStatus::Interrupted, sealing: Sealing::Behind { why }, halt, begun: true };
        };
        let freed = if status.is_final() { desk.announce_unlocked() } else { Ok(Vec::new()) };
        let closed = desk.ledger.close(Entry::SessionEnded { status: status.clone() }, desk.now()).await;
        match (freed, closed) {
            // Not before it is on disk that the run is over: else it might be resumed without them.
            (Ok(names), Ok(())) => names.iter().for_each(|name| desk.give_back(name)),
            (Err(lost), _) | (_, Err(lost)) => drop(halt.get_or_insert(lost)),
        }
        let sealing = desk.conclude().await;
        let begun = !desk.ledger.state().steps().is_empty();
        Finished { run, status, sealing, halt, begun }
    }
}

/// The confirm that an answer is for: the first that still wants one, else the first that the run has not come past.
fn waiting(state: &RunState) -> Option<(StepPath, StepSpec)> {
    let asked = |step: &&Step| {
        step.phase == StepPhase::Intended && matches!(step.spec().map(|spec| &spec.kind), Some(StepKind::Confirm(_)))
    };
    let mut asked = state.steps().iter().filter(asked).filter_map(|step| Some((step.path.clone(), step.spec()?.clone())));
    let first = asked.next()?;
    if is_open(state, &first.0, &first.1) {
        return Some(first);
    }
    Some(asked.find(|(path, spec)| is_open(state, path, spec)).unwrap_or(first))
}

/// Whether a confirm wants more answers than it has.
fn is_open(state: &RunState, path: &StepPath, spec: &StepSpec) -> bool {
    let StepKind::Confirm(confirm) = &spec.kind else { return false };
    let answers = state.step(path).map(|step| step.answers.as_slice()).unwrap_or_default();
    approval::weigh(confirm, answers, approval::shown(state, path, spec), state) == approval::Approval::Open
}

/// Takes the run: lock, journal, state.
pub(super) fn take(opening: &Opening, purpose: Purpose) -> Result<(Journal, RunState), Refused> {
    let (journal, reading) = Journal::open(&opening.dir, &holder(opening, purpose))?;
    let state = RunState::fold(&reading.records).map_err(|illegal| Refused::Illegal { run: opening.dir.run(), illegal })?;
    state.map(|state| (journal, state)).ok_or(Refused::Empty(opening.dir.run()))
}

fn claim(opening: &Opening, runbook: &str) -> Claim {
    let Person { name, host, .. } = opening.operator.clone();
    let (run, runbook) = (opening.dir.run(), runbook.to_owned());
    Claim { run, runbook, name, host, pid: std::process::id(), since: opening.world.now(), waits_for: None }
}

/// Takes the locks of a session, before anything of it is written: a run that waits has not begun.
async fn locks(opening: &mut Opening, runbook: &str, wanted: &Wanted) -> Result<Locks, Refused> {
    let locks = Locks::new(opening.dir.locks(), claim(opening, runbook));
    let reporters = &mut opening.reporters;
    let tell = |text: String| {
        let notice = Progress::Notice { text };
        reporters.iter_mut().for_each(|reporter| reporter.progress(&notice));
    };
    locks.take(wanted, &opening.interrupts, tell).await?;
    Ok(locks)
}

fn holder(opening: &Opening, purpose: Purpose) -> Holder {
    let Person { name, host, .. } = opening.operator.clone();
    Holder { name, host, pid: std::process::id(), boot: opening.boot.clone(), since: opening.world.now(), purpose }
}

pub(super) fn refuse_final(state: &RunState, verb: &'static str) -> Result<(), Refused> {
    if state.started().mode == Mode::Rehearsal {
        return Err(Refused::Rehearsal(state.run()));
    }
    if state.status().is_final() {
        return Err(Refused::Final { run: state.run(), status: state.status().clone(), verb });
    }
    Ok(())
}

pub(super) type Texts = Vec<(String, String)>;

/// The pinned sources, each checked against its digest in the journal.
pub(super) fn sources_of(dir: &RunDir, state: &RunState) -> Result<(BTreeMap<String, String>, Texts), Refused> {
    let mut texts = Vec::new();
    for source in state.sources() {
        texts.push((source.name.clone(), dir.pinned(source)?));
    }
    Ok((texts.iter().cloned().collect(), texts))
}

fn pinned(dir: &RunDir, state: &RunState) -> Result<(Program, Texts), Refused> {
    let (map, texts) = sources_of(dir, state)?;
    let entry = state.sources().first().map(|source| source.name.clone()).unwrap_or_default();
    let program =
        Program::load_pinned(&Pinned(map), &entry).map_err(|diagnostics| Refused::Script { run: state.run(), diagnostics })?;
    Ok((program, texts))
}

/// The step that a person means: its whole path, its number in the journal, or a name that only one candidate has.
fn named(state: &RunState, text: &str, wanted: impl Fn(&Step) -> bool) -> Result<StepPath, Refused> {
    let candidates: Vec<_> = state.steps().iter().filter(|step| wanted(step)).collect();
    let exact = candidates.iter().find(|step| step.path.to_string() == text || step.seq.to_string() == text);
    if let Some(step) = exact {
        return Ok(step.path.clone());
    }
    let by_name: Vec<_> = candidates.iter().filter(|step| step.path.name() == text).collect();
    match by_name.as_slice() {
        [step] => Ok(step.path.clone()),
        _ => Err(Refused::Step {
            run: state.run(),
            step: text.to_owned(),
            candidates: candidates.iter().map(|step| step.path.clone()).collect(),
        }),
    }
}

/// What a rollback of this run would do, newest first: for its rehearsal.
#[must_use]
pub fn would_roll_back(state: &RunState) -> Vec<(StepPath, Work)> {
    let owing = rollback::owing(state);
    state
        .owed()
        .iter()
        .rev()
        .filter(|owed| owing.contains(&&owed.path))
        .map(|owed| (owed.path.clone(), owed.work.clone()))
        .collect()
}
