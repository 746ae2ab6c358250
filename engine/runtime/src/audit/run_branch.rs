//! The branch of a run, and how it grows.

use git2::{ErrorCode, Oid, Repository};

use super::archive::Archive;
use super::lock::WriterLock;
use super::message;
use super::seal::{Prepared, Seal, SealError, Sealed};
use super::staging::Staging;
use super::{commit, consolidate, place, reference, tree};

impl Archive {
    /// Seals what the journal holds now, durably. Nothing is committed when it was sealed already.
    ///
    /// # Errors
    /// [`SealError`]; [`SealError::Diverged`] means that the journal was cut or edited since the last seal.
    pub fn seal(&self, seal: &Seal) -> Result<Sealed, SealError> {
        let _sealing = tracing::debug_span!("seal", run = %seal.run, reason = seal.reason).entered();
        let lock = self.lock()?;
        let staging = Staging::new(self)?;
        let prepared = seal.prepare(&staging, false)?;
        self.seal_prepared(lock, &staging, seal, &prepared)
    }

    pub(super) fn seal_prepared(
        &self,
        mut lock: WriterLock,
        staging: &Staging<'_>,
        seal: &Seal,
        prepared: &Prepared,
    ) -> Result<Sealed, SealError> {
        let old = prepared.tip;
        let (tip, _) = stage(staging, seal, prepared, || message::sealed(&prepared.facts, &seal.reason))?;
        let new = old != Some(tip);
        if new {
            let kept = staging.flush()?;
            let branch = place::branch(seal.run);
            lock.moving(&[&branch], || reference::advance(staging.repository(), &branch, tip, old))??;
            if let Some(kept) = kept {
                kept.released();
            }
            consolidate::when_due(self, &lock);
        }
        Ok(Sealed { commit: tip.to_string(), main: None, head: prepared.facts.head, new, unsigned: staging.unsigned() })
    }
}

/// Stages the commit of a seal, or finds the one that holds the same already. Gives its id, and the directory of the run in
/// that commit.
pub(super) fn stage(
    staging: &Staging<'_>,
    seal: &Seal,
    prepared: &Prepared,
    message: impl FnOnce() -> String,
) -> Result<(Oid, Oid), SealError> {
    let repository = staging.repository();
    let old = prepared.tip;
    let path = place::directory(seal.run);
    let directory = tree::of_files(staging, &prepared.files)?;
    let root = tree::spliced(staging, None, &path, directory)?;
    if let Some(old) = old
        && repository.find_commit(old)?.tree_id() == root
    {
        return Ok((old, directory));
    }
    let facts = &prepared.facts;
    let author = commit::author(&facts.operator, seal.at)?;
    let committer = commit::committer(&facts.operator.host, seal.at)?;
    let parents: Vec<_> = old.into_iter().collect();
    let id = staging.commit(&author, &committer, &message(), root, &parents)?;
    Ok((id, directory))
}

/// Where a branch points; `None` when it does not exist.
pub(super) fn tip(repository: &Repository, branch: &str) -> Result<Option<Oid>, git2::Error> {
    match repository.refname_to_id(branch) {
        Ok(id) => Ok(Some(id)),
        Err(error) if error.code() == ErrorCode::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
