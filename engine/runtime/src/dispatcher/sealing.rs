//! When the audit trail is written: at the start, at each confirm, at a failure and at the end somebody waits for it;
//! in between it follows when it can. A rehearsal waits for it at its end only.

use std::path::PathBuf;

use jiff::Timestamp;
use runbook_model::id::RunId;

use super::Halt;
use super::desk::Desk;
use crate::audit::{Archivist, Journal, Seal, SourceText};
use crate::report::Progress;

/// The way to the audit trail of one run.
pub(super) struct Sealer {
    /// None when the operator chose to run unsealed.
    pub(super) archivist: Option<Archivist>,
    pub(super) run: RunId,
    pub(super) journal: PathBuf,
    pub(super) sources: Vec<SourceText>,
}

/// Whether the run is in the audit trail when its session ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sealing {
    /// It is, with this commit on `main` or on the run's branch.
    Sealed {
        /// The commit.
        commit: String,
        /// Why it is not signed, although there is a key.
        unsigned: Option<String>,
    },
    /// The operator chose not to.
    Waived,
    /// It is not, and `runbook seal` can do it later.
    Behind {
        /// Why.
        why: String,
    },
    /// A rehearsal is not, and the run itself would not be started for that.
    Refused {
        /// Why.
        why: String,
    },
}

impl Sealer {
    fn seal(&self, length: u64, at: Timestamp, reason: &str) -> Seal {
        let journal = Journal::File { path: self.journal.clone(), length };
        Seal { run: self.run, journal, sources: self.sources.clone(), at, reason: reason.to_owned() }
    }
}

impl Desk {
    /// Offers what was written since the last time; nobody waits for it. A long stretch of checks flushes nothing of its own.
    pub(super) fn offer_seal(&self) -> Result<(), Halt> {
        if let Some(archivist) = &self.sealer.archivist
            && self.ledger.take_unsealed() > 0
        {
            self.ledger.sync_now()?;
            archivist.offer(self.sealer.seal(self.ledger.durable_bytes(), self.now(), "as it goes"));
        }
        Ok(())
    }

    /// Seals what was written, and waits for it. The run goes on when that fails: the next seal catches up. For a rehearsal
    /// nobody waits before its end.
    pub(super) async fn seal_now(&self, reason: &str) {
        if self.world.withholds() {
            return;
        }
        if let Err(why) = self.try_seal(reason).await {
            self.ledger.progress(&Progress::Notice { text: format!("the audit trail lags behind: {why}") });
        }
    }

    /// Whether the run has an audit trail.
    pub(super) fn is_sealed(&self) -> bool {
        self.sealer.archivist.is_some()
    }

    /// Seals what was written, and waits for it.
    pub(super) async fn try_seal(&self, reason: &str) -> Result<(), String> {
        let Some(archivist) = &self.sealer.archivist else { return Ok(()) };
        self.ledger.sync().await.map_err(|halt| halt.to_string())?;
        self.ledger.take_unsealed();
        let seal = self.sealer.seal(self.ledger.durable_bytes(), self.now(), reason);
        match archivist.seal_now(seal).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(error.to_string()),
            Err(stopped) => Err(stopped.to_string()),
        }
    }

    /// Brings an ended session to `main`.
    pub(super) async fn conclude(&self) -> Sealing {
        let Some(archivist) = &self.sealer.archivist else { return Sealing::Waived };
        let seal = self.sealer.seal(self.ledger.durable_bytes(), self.now(), "the session ended");
        let why = match archivist.conclude(seal).await {
            Ok(Ok(sealed)) => {
                return Sealing::Sealed { commit: sealed.main.unwrap_or(sealed.commit), unsigned: sealed.unsigned };
            }
            Ok(Err(error)) => error.to_string(),
            Err(stopped) => stopped.to_string(),
        };
        // What a run is sealed with before it begins does not take `main`.
        let would_not_begin = self.world.withholds() && self.try_seal("the session ended").await.is_err();
        if would_not_begin { Sealing::Refused { why } } else { Sealing::Behind { why } }
    }
}
