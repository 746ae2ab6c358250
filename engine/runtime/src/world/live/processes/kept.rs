//! Programs run by the keeper of the run, so that they outlive the engine.

use crate::keeper::{Found, Job, Keeper, RunEnd as KeptEnd};
use crate::world::live::processes::{Key, Processes, RunEnd, RunFound};
use crate::world::{Limits, Task};
use runbook_model::length::Length;
use std::path::PathBuf;

/// Programs run by a [`Keeper`].
#[derive(Debug)]
pub struct Kept {
    keeper: Keeper,
    dir: PathBuf,
}

impl Kept {
    /// Programs run by this keeper, whose directory is `dir`.
    #[must_use]
    pub fn new(keeper: Keeper, dir: PathBuf) -> Self {
        Self { keeper, dir }
    }
}

impl Processes for Kept {
    fn run<'a>(&'a self, key: Key, job: Job, limits: Limits, progress: &'a dyn Fn(bool, &[u8])) -> Task<'a, RunEnd> {
        Box::pin(async move {
            let end = self.keeper.run(key.number(), job, limits.timeout, limits.stop, progress).await;
            told(end, limits.timeout)
        })
    }

    fn recover<'a>(&'a self, key: Key, boot: &'a str, limits: Limits, progress: &'a dyn Fn(bool, &[u8])) -> Task<'a, RunFound> {
        Box::pin(async move {
            match Keeper::recover(&self.dir, key.number(), boot).await {
                Ok(Found::Running(running)) => {
                    RunFound::Ended(told(running.wait(limits.timeout, limits.stop, progress).await, limits.timeout))
                }
                Ok(Found::Ended(end)) => RunFound::Ended(told(end, limits.timeout)),
                Ok(Found::NeverBegun { evidence }) => RunFound::NeverBegun { evidence },
                Ok(Found::InDoubt { known }) => RunFound::InDoubt { known },
                // Whatever it does, it does once: it is waited for, and never doubled.
                Ok(Found::Orphan(orphan)) => RunFound::InDoubt { known: waited(orphan.ended(), limits).await },
                Err(fault) => RunFound::InDoubt { known: fault.to_string() },
            }
        })
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
        KeptEnd::TimedOut { receipt, exited } => {
            RunEnd::TimedOut { after: timeout.unwrap_or(Length::from_millis(0)), receipt, exited }
        }
        KeptEnd::Stopped { receipt, exited } => RunEnd::Stopped { receipt, exited },
        KeptEnd::KeeperLost { known } => RunEnd::Lost { known },
    }
}
