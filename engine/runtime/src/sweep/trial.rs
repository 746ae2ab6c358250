//! One run in a scripted world, through as many sessions and deaths as it takes.

use std::cell::Cell;
use std::fs;
use std::future::Future;
use std::io::Write as _;
use std::rc::Rc;

use jiff::Timestamp;
use runbook_model::entry::{Entry, Record, Verdict};
use runbook_model::path::StepPath;
use runbook_model::person::{From, Person};
use runbook_model::status::RunStatus;
use runbook_model::step::StepKind;

use super::Subject;
use super::death::Death;
use super::oracle::Deed;
use super::scratch::Scratch;
use crate::dispatcher::{Finished, Halt, Interrupts, Opening, Refused, Session};
use crate::journal::{Journal, RunDir, new_run_id};
use crate::report::{Progress, Reporter};
use crate::world::scripted;
use crate::world::scripted::{Crash, ScriptedWorld};

/// One run in a scripted world.
pub(super) struct Trial<'a> {
    subject: &'a Subject,
    dir: RunDir,
    world: ScriptedWorld,
    used: bool,
    /// Who is told of the next session.
    pub(super) audience: Option<Box<dyn Reporter>>,
}

/// How a session ended.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Ended {
    /// The engine was killed.
    Died,
    /// It let go of the run.
    Status(RunStatus),
    /// It failed by itself, or refused the run.
    Fault(String),
}

/// What a session went through, for the boundaries of the next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Extent {
    pub(super) calls: u64,
    pub(super) performs: Vec<u64>,
}

impl<'a> Trial<'a> {
    pub(super) fn new(subject: &'a Subject, scratch: &Scratch, world: ScriptedWorld) -> Result<Self, std::io::Error> {
        let run = new_run_id(Timestamp::now()).map_err(std::io::Error::other)?;
        Ok(Self { subject, dir: scratch.state().run(run), world, used: false, audience: None })
    }

    pub(super) fn exec(&mut self, death: Option<Death>) -> Ended {
        let (started, program) = (self.subject.started.clone(), self.subject.program.clone());
        self.session(death, |opening| async move { Box::pin(Session::exec(opening, started, &program)).await })
    }

    pub(super) fn resume(&mut self, death: Option<Death>) -> Ended {
        self.session(death, |opening| Session::resume(opening, None))
    }

    pub(super) fn roll_back(&mut self, death: Option<Death>) -> Ended {
        self.session(death, |opening| Session::roll_back(opening, "a test".to_owned()))
    }

    /// Says about the step in doubt what really happened.
    pub(super) fn resolve(&mut self, at: &StepPath) -> Ended {
        let records = self.records();
        let intent = records.iter().rev().find_map(|record| match &record.entry {
            Entry::StepIntended(intent) if intent.path == *at => Some(intent),
            _ => None,
        });
        let Some(intent) = intent else { return Ended::Fault(format!("`{at}` is in doubt and was never intended")) };
        let if_failed = matches!(&intent.spec.kind, StepKind::Command(command) if command.rollback_if_failed);
        // Any attempt counts. What may have been done in part has to be rolled back, which is what "did" means for it.
        let took_effect = self.deeds().iter().any(|deed| deed.path == *at && (deed.done || if_failed));
        let verdict = if took_effect { Verdict::Did } else { Verdict::DidNot };
        let step = at.to_string();
        self.session(None, |opening| async move { Session::resolve(opening, &step, verdict, "a test".to_owned()).await })
    }

    /// What is in the journal.
    pub(super) fn records(&self) -> Vec<Record> {
        Journal::read(&self.dir).map(|reading| reading.records).unwrap_or_default()
    }

    /// What happened in the world.
    pub(super) fn deeds(&self) -> Vec<Deed> {
        self.world.ledger().effects().iter().map(Deed::of).collect()
    }

    /// What the last session went through.
    pub(super) fn extent(&self) -> Extent {
        Extent { calls: self.world.calls(), performs: self.world.performs() }
    }

    pub(super) fn world(&self) -> &ScriptedWorld {
        &self.world
    }

    pub(super) fn unanswered(&self) -> Vec<scripted::Unanswered> {
        self.world.unanswered()
    }

    fn session<F>(&mut self, death: Option<Death>, work: impl FnOnce(Opening) -> F) -> Ended
    where
        F: Future<Output = Result<Finished, Refused>>,
    {
        if std::mem::replace(&mut self.used, true) {
            self.world = self.world.restarted();
        }
        self.world = match death {
            Some(Death::BeforeCall(call)) => self.world.clone().crash_at(call, Crash::BeforeEffect),
            Some(Death::AfterEffect(call)) => self.world.clone().crash_at(call, Crash::AfterEffect),
            _ => self.world.clone(),
        };
        let end = Rc::new(Cell::new(None));
        let at = match death {
            Some(Death::AfterRecord(seq)) => Some(seq),
            _ => None,
        };
        let executioner = Executioner { at, world: self.world.clone(), last: Rc::clone(&end) };
        let opening = Opening {
            known: None,
            dir: self.dir.clone(),
            operator: Person { name: "operator".to_owned(), host: "stage".to_owned(), from: From::CommandLine },
            boot: "stage".to_owned(),
            engine: env!("CARGO_PKG_VERSION").to_owned(),
            world: Rc::new(self.world.clone()),
            reporters: std::iter::once(Box::new(executioner) as Box<dyn Reporter>).chain(self.audience.take()).collect(),
            archivist: None,
            interrupts: Interrupts::default(),
            signing: crate::signing::Signing::default(),
            fence: crate::anchor::Fence::default(),
            taken_over: None,
            brought: runbook_model::id::Seq(0),
        };
        let runtime = match tokio::runtime::Builder::new_current_thread().enable_time().build() {
            Ok(runtime) => runtime,
            Err(error) => return Ended::Fault(format!("no runtime: {error}")),
        };
        let local = tokio::task::LocalSet::new();
        let (world, work) = (self.world.clone(), work(opening));
        let finished = local.block_on(&runtime, async move {
            tokio::select! {
                biased;
                () = world.crashed() => None,
                finished = work => Some(finished),
            }
        });
        // What is left of the dead engine goes with its tasks, the lock on the run among them.
        drop(local);
        if self.world.is_dead() {
            // The world stood still at the moment of death; what the engine wrote until it noticed was never written.
            return match end.get().map(|last| self.cut(last)) {
                Some(Err(error)) => Ended::Fault(format!("the journal could not be cut: {error}")),
                _ => Ended::Died,
            };
        }
        match finished {
            None => Ended::Died,
            Some(Err(refused)) => Ended::Fault(refused.to_string()),
            Some(Ok(Finished { halt: Some(halt @ (Halt::Illegal(_) | Halt::Lost(_) | Halt::Mismatch(_))), .. })) => {
                Ended::Fault(halt.to_string())
            }
            Some(Ok(finished)) => Ended::Status(finished.status),
        }
    }

    /// Cuts the journal behind the record of this number.
    fn cut(&self, last: u64) -> Result<(), std::io::Error> {
        let path = self.dir.journal();
        let content = fs::read(&path)?;
        let kept = usize::try_from(last).unwrap_or(usize::MAX).saturating_add(1);
        let kept: Vec<u8> = content.split_inclusive(|byte| *byte == b'\n').take(kept).flatten().copied().collect();
        let mut file = fs::OpenOptions::new().write(true).truncate(true).open(&path)?;
        file.write_all(&kept)
    }
}

impl Drop for Trial<'_> {
    fn drop(&mut self) {
        // The scratch directory goes as a whole at the end; this only keeps it small on the way.
        fs::remove_dir_all(self.dir.dir()).ok();
    }
}

/// Kills the engine behind one record.
struct Executioner {
    at: Option<u64>,
    world: ScriptedWorld,
    last: Rc<Cell<Option<u64>>>,
}

impl Reporter for Executioner {
    fn fact(&mut self, record: &Record) {
        if self.at == Some(record.seq.0) {
            self.last.set(self.at);
            self.world.kill();
        }
    }

    fn progress(&mut self, _progress: &Progress) {}
}
