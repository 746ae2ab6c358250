//! Merges the end of a run into `main`: one line for each.

use runbook_model::status::RunStatus;

use super::archive::{Archive, MAIN};
use super::seal::{Seal, SealError, Sealed};
use super::staging::Staging;
use super::{commit, consolidate, message, place, reference, remembered, run_branch, tree};

impl Archive {
    /// Seals the end of a run and merges its directory into `main`. The journal must end with `session_ended`.
    ///
    /// A run that only waits (for a person) is sealed and not merged: it has no end yet.
    ///
    /// A run that is resumed later and ends again is merged again; nothing happens when `main` holds this end already, so
    /// a crash in between is mended by doing it once more.
    ///
    /// # Errors
    /// [`SealError`]
    pub fn conclude(&self, seal: &Seal) -> Result<Sealed, SealError> {
        let _concluding = tracing::debug_span!("conclude", run = %seal.run).entered();
        let mut lock = self.lock()?;
        let staging = Staging::new(self)?;
        let prepared = seal.prepare(&staging, true)?;
        let facts = &prepared.facts;
        let status = facts.ended.as_ref().ok_or(SealError::NotEnded(seal.run))?;
        if matches!(status, RunStatus::Suspended { .. } | RunStatus::Running | RunStatus::RollingBack) {
            return self.seal_prepared(lock, &staging, seal, &prepared);
        }
        let message = message::concluded(facts, status);

        let repository = staging.repository();
        let (tip, directory) = run_branch::stage(&staging, seal, &prepared, || message.clone())?;
        let main = repository.refname_to_id(MAIN)?;
        remembered::check(repository, self.path(), main)?;
        let path = place::directory(seal.run);
        let stored = repository.find_commit(main)?.tree()?;
        if tree::below(repository, &stored, &path)? == Some(directory) {
            return Ok(Sealed {
                commit: tip.to_string(),
                main: Some(main.to_string()),
                head: facts.head,
                new: false,
                unsigned: None,
            });
        }

        let root = tree::spliced(&staging, Some(stored.id()), &path, directory)?;
        let author = commit::author(&facts.operator, seal.at)?;
        let committer = commit::committer(&facts.operator.host, seal.at)?;
        let merged = staging.commit(&author, &committer, &message, root, &[main, tip])?;
        let kept = staging.flush()?;
        let branch = place::branch(seal.run);
        lock.moving(&[&branch, MAIN], || {
            if prepared.tip != Some(tip) {
                reference::advance(repository, &branch, tip, prepared.tip)?;
            }
            reference::advance(repository, MAIN, merged, Some(main))
        })??;
        if let Some(kept) = kept {
            kept.released();
        }
        remembered::write(self.path(), merged);
        consolidate::when_due(self, &lock);
        Ok(Sealed {
            commit: tip.to_string(),
            main: Some(merged.to_string()),
            head: facts.head,
            new: true,
            unsigned: staging.unsigned(),
        })
    }
}
