//! The façade for front ends: a session takes a run, does something with it, and lets go of it.

use std::rc::Rc;

use runbook_model::entry::{Entry, Mode, Purpose, Record, RunStarted, Session as Taken};
use runbook_model::id::{RunId, Seq};
use runbook_model::lock::Locks as Wanted;
use runbook_model::path::StepPath;
use runbook_model::person::{Decider, Person};
use runbook_model::rollback;
use runbook_model::state::{RunState, Work};
use runbook_model::status::RunStatus;

use super::cast::{Cast, cast};
use super::desk::Desk;
use super::interrupts::Interrupts;
use super::ledger::Ledger;
use super::locking::{self, Locks};
use super::notary::Notary;
use super::sealing::{Sealer, Sealing};
use super::taking::{claim, holder, locks, pinned, refuse_final, sources_of, take};
use super::{Halt, Refused};
use crate::anchor::Fence;
use crate::audit::{Archivist, SourceText};
use crate::journal::{Journal, Known, Newborn, RunDir};
use crate::line::Line;
use crate::report::Reporter;
use crate::script::Program;
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
    /// What was read of the run before it is taken, if anything was.
    pub known: Option<Known>,
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
    /// Whether this session has begun any attempt at a step.
    pub worked: bool,
}

impl Session {
    /// Starts a run: writes its first records, pins its sources, and seals both before anything else happens; a rehearsal is
    /// sealed when it ends.
    ///
    /// # Errors
    /// When the run cannot be written down or sealed; nothing was run then.
    pub async fn exec(opening: Opening, started: RunStarted, program: &Program) -> Result<Finished, Refused> {
        let sources = program.sources();
        let mut opening = opening;
        let cast = Cast::of(program, &started);
        let is_live = started.mode == Mode::Live;
        let wanted = if is_live { started.locks.clone() } else { Wanted::default() };
        let locks = locks(&mut opening, &started.runbook, &wanted).await?;
        let mut newborn = Newborn::make(&opening.dir, &holder(&opening, Purpose::Exec))?;
        if is_live {
            make_ready(&opening.world, &sources).await;
        }
        let texts: Vec<_> = sources.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        newborn.pin(&texts)?;
        let journal = newborn.durable()?;
        let first = journal.append(Entry::RunStarted(Box::new(started)), opening.world.now()).map_err(Halt::from)?;
        let state = RunState::begin(&first).map_err(Halt::from)?;
        let session = Self::new(opening, journal, state, &sources, Purpose::Exec, Some(&first), locks)?;
        if is_live && session.desk.is_sealed() {
            // Before the seal: a journal that cannot be flushed is another fault than a trail that cannot be written.
            session.desk.ledger.sync().await?;
        }
        // What changes nothing need not be on record before it begins: a rehearsal is sealed when it ends, and says then
        // what would keep the run from being started.
        if is_live && let Err(why) = session.desk.try_seal("before the first step").await {
            let status = RunStatus::Abandoned { why: "it could not be sealed".to_owned() };
            session.desk.ledger.write_durably(Entry::SessionEnded { status }, session.desk.now()).await?;
            return Err(Refused::Unsealable { why });
        }
        session.desk.locked(&StepPath::root(), &wanted)?;
        Ok(session.forward(cast, None).await)
    }

    /// Goes on with a run: forward by replaying its pinned source, or with its rollback.
    ///
    /// # Errors
    /// When there is nothing to go on with, or the run cannot be taken; nothing was run then.
    pub async fn resume(mut opening: Opening, adopt: Option<&Program>) -> Result<Finished, Refused> {
        let (journal, state) = take(&mut opening, Purpose::Resume)?;
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
        let cast = (!back).then(|| Cast::of(&program, state.started()));
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
        Ok(match cast {
            Some(cast) => session.forward(cast, before).await,
            None => session.backward(&program).await,
        })
    }

    /// Rolls a run back, also one that completed long ago.
    ///
    /// # Errors
    /// When the run cannot be taken; nothing was run then.
    pub async fn roll_back(mut opening: Opening, why: String) -> Result<Finished, Refused> {
        let (journal, state) = take(&mut opening, Purpose::Rollback)?;
        let run = opening.dir.run();
        if state.started().mode == Mode::Rehearsal {
            return Err(Refused::Rehearsal(run));
        }
        if matches!(state.status(), RunStatus::RolledBack | RunStatus::Abandoned { .. }) {
            return Err(Refused::Final { run, status: state.status().clone(), verb: "roll back" });
        }
        // Of a run that was over no forward step can be unknown, and what was taken back of it elsewhere is asked about.
        if state.is_uncharted() && state.over().is_none() || opening.taken_over.is_some() {
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
            let actor = settles.then(|| cast(&program, session.desk.ledger.state().started(), line));
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
        if purpose == Purpose::Rollback || desk.ledger.state().rollback().is_some() {
            desk.budgets.borrow_mut().forget();
        }
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

    /// Writes the end of the session down and lets go of the run.
    pub(super) async fn finish(self, run: RunId, ended: Result<RunStatus, Halt>) -> Finished {
        let desk = &self.desk;
        let (status, mut halt) = match ended {
            Ok(status) => (Some(status), None),
            Err(halt) => (halt.status(), Some(halt)),
        };
        // What is over stays over, whatever was said about one of its steps; a rollback that has begun is another matter.
        let over = desk.ledger.state().over().cloned();
        let is_over = over.is_some();
        let status = status.map(|status| match (status, over) {
            (RunStatus::Interrupted, Some(over)) => over,
            (status, _) => status,
        });
        let Some(status) = status else {
            // Nothing more can be written: what is on disk is what counts, and the next session starts from it.
            let why = match &halt {
                Some(fenced @ Halt::Fenced(_)) => fenced.to_string(),
                _ => "the journal could not be written".to_owned(),
            };
            return Finished {
                run,
                status: RunStatus::Interrupted,
                sealing: Sealing::Behind { why },
                halt,
                begun: true,
                worked: true,
            };
        };
        let freed = if status.is_final() || is_over { desk.announce_unlocked() } else { Ok(Vec::new()) };
        let closed = desk.ledger.close(Entry::SessionEnded { status: status.clone() }, desk.now()).await;
        match (freed, closed) {
            // Not before it is on disk that the run is over: else it might be resumed without them.
            (Ok(names), Ok(())) => names.iter().for_each(|name| desk.give_back(name)),
            (Err(lost), _) | (_, Err(lost)) => drop(halt.get_or_insert(lost)),
        }
        let sealing = desk.conclude().await;
        let begun = !desk.ledger.state().steps().is_empty();
        let worked = desk.ledger.state().has_worked();
        Finished { run, status, sealing, halt, begun, worked }
    }
}

/// Lets the world begin what commands will need, while the run is brought to the disk and sealed. That the sources speak of
/// commands at all is only a hint: when it is wrong, something is begun late or for nothing.
async fn make_ready(world: &Rc<dyn World>, sources: &[(String, String)]) {
    if sources.iter().any(|(_, text)| text.contains("command")) {
        let world = Rc::clone(world);
        drop(tokio::task::spawn_local(async move { world.make_ready().await }));
        // It has its turn now: whoever comes next waits for the disk, and this thread with it.
        tokio::task::yield_now().await;
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
