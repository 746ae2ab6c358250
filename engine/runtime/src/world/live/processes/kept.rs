//! Programs run by the keeper of the run, so that they outlive the engine.

use std::cell::OnceCell;
use std::path::{Path, PathBuf};

use runbook_model::length::Length;

use crate::keeper::{Found, Job, Keeper, KeeperFault, RunEnd as KeptEnd};
use crate::world::live::processes::{Key, Keys, Processes, RunEnd, RunFound};
use crate::world::{Limits, Task};

/// Programs run by a [`Keeper`], which is started with the first of them, or a little before.
#[derive(Debug)]
pub struct Kept {
    program: PathBuf,
    arguments: Vec<String>,
    dir: PathBuf,
    keeper: OnceCell<Keeper>,
}

impl Kept {
    /// Programs run by the keeper that `program`, called with `arguments` and then `dir`, becomes.
    #[must_use]
    pub fn new(program: &Path, arguments: &[&str], dir: &Path) -> Self {
        let arguments = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        Self { program: program.to_owned(), arguments, dir: dir.to_owned(), keeper: OnceCell::new() }
    }

    /// Nothing is made in the run's directory before it is needed: the journal makes that directory, exclusively.
    fn keeper(&self) -> Result<&Keeper, KeeperFault> {
        if let Some(keeper) = self.keeper.get() {
            return Ok(keeper);
        }
        let arguments: Vec<_> = self.arguments.iter().map(String::as_str).collect();
        let keeper = Keeper::start(&self.program, &arguments, &self.dir)?;
        Ok(self.keeper.get_or_init(|| keeper))
    }
}

impl Kept {
    async fn ran(&self, key: Key, job: Job, limits: Limits, keys: Option<Keys>, progress: &dyn Fn(bool, &[u8])) -> RunEnd {
        let keeper = match self.keeper() {
            Ok(keeper) => keeper,
            Err(fault) => return told(fault.into(), limits.timeout),
        };
        let end = keeper.run_with(key.number(), job, limits.timeout, limits.stop, keys, progress).await;
        told(end, limits.timeout)
    }

    async fn found(&self, key: Key, boot: &str, limits: Limits, keys: Option<Keys>, progress: &dyn Fn(bool, &[u8])) -> RunFound {
        match Keeper::recover(&self.dir, key.number(), boot).await {
            Ok(Found::Running(running)) => {
                RunFound::Ended(told(running.wait(limits.timeout, limits.stop, keys, progress).await, limits.timeout))
            }
            // How long it had then is not what is left of that now.
            Ok(Found::Ended(end)) => RunFound::Ended(told(end, None)),
            Ok(Found::NeverBegun { evidence }) => RunFound::NeverBegun { evidence },
            Ok(Found::InDoubt { known }) => RunFound::InDoubt { known },
            // Whatever it does, it does once: it is waited for, and never doubled.
            Ok(Found::Orphan(orphan)) => RunFound::InDoubt { known: waited(orphan.ended(), limits).await },
            Err(fault) => {
                let may_live = matches!(fault, KeeperFault::Silent { .. } | KeeperFault::Stranger { .. });
                RunFound::Unasked { why: fault.to_string(), may_live }
            }
        }
    }
}

impl Processes for Kept {
    fn make_ready(&self) -> Task<'_, ()> {
        Box::pin(async {
            if let Ok(keeper) = self.keeper() {
                keeper.make_ready().await;
            }
        })
    }

    fn run<'a>(&'a self, key: Key, job: Job, limits: Limits, progress: &'a dyn Fn(bool, &[u8])) -> Task<'a, RunEnd> {
        Box::pin(self.ran(key, job, limits, None, progress))
    }

    fn recover<'a>(&'a self, key: Key, boot: &'a str, limits: Limits, progress: &'a dyn Fn(bool, &[u8])) -> Task<'a, RunFound> {
        Box::pin(self.found(key, boot, limits, None, progress))
    }

    fn run_at_terminal<'a>(
        &'a self,
        key: Key,
        job: Job,
        limits: Limits,
        keys: Keys,
        progress: &'a dyn Fn(bool, &[u8]),
    ) -> Task<'a, RunEnd> {
        Box::pin(self.ran(key, job, limits, Some(keys), progress))
    }

    fn recover_at_terminal<'a>(
        &'a self,
        key: Key,
        boot: &'a str,
        limits: Limits,
        keys: Keys,
        progress: &'a dyn Fn(bool, &[u8]),
    ) -> Task<'a, RunFound> {
        Box::pin(self.found(key, boot, limits, Some(keys), progress))
    }
}

async fn waited(ended: impl Future<Output = String>, mut limits: Limits) -> String {
    tokio::select! {
        known = ended => known,
        _ = limits.stop.wait_for(|stop| *stop) => "its keeper is dead, and it still runs".to_owned(),
    }
}

fn told(end: KeptEnd, timeout: Option<Length>) -> RunEnd {
    match end {
        KeptEnd::Exited(exited) => RunEnd::Exited(exited),
        KeptEnd::NotStarted { message } => RunEnd::NotStarted { message },
        KeptEnd::Unwritten(unwritten) => RunEnd::Unwritten(unwritten),
        KeptEnd::TimedOut { receipt, exited } => {
            RunEnd::TimedOut { after: timeout.unwrap_or(Length::from_millis(0)), receipt, exited }
        }
        KeptEnd::Stopped { receipt, exited } => RunEnd::Stopped { receipt, exited },
        KeptEnd::KeeperLost { known } => RunEnd::Lost { known },
    }
}
