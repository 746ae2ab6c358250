//! The branch of a run, and how it grows.

use git2::{ErrorCode, Oid, Repository};

use super::archive::Archive;
use super::message;
use super::seal::{Prepared, Seal, SealError, Sealed};
use super::staging::Staging;
use super::{commit, consolidate, place, reference, standing, tree};

impl Archive {
    /// Seals what the journal holds now, durably. Nothing is committed when it was sealed already.
    ///
    /// # Errors
    /// [`SealError`]; [`SealError::Diverged`] means that the journal was cut or edited since the last seal.
    pub fn seal(&self, seal: &Seal) -> Result<Sealed, SealError> {
        self.seal_prepared(seal, &seal.prepare()?)
    }

    pub(super) fn seal_prepared(&self, seal: &Seal, prepared: &Prepared) -> Result<Sealed, SealError> {
        let mut lock = self.lock()?;
        let staging = Staging::new(self)?;
        let (tip, old, _) = stage(&staging, seal, prepared, || message::sealed(&prepared.facts, &seal.reason))?;
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

/// Stages the commit of a seal, or finds the one that holds the same already. Gives its id, the branch's tip so far, and
/// the directory of the run in that commit.
pub(super) fn stage(
    staging: &Staging<'_>,
    seal: &Seal,
    prepared: &Prepared,
    message: impl FnOnce() -> String,
) -> Result<(Oid, Option<Oid>, Oid), SealError> {
    let repository = staging.repository();
    let old = tip(repository, &place::branch(seal.run))?;
    let path = place::directory(seal.run);
    if let Some(old) = old {
        standing::extends(repository, old, seal.run, prepared.journal())?;
    }
    let directory = tree::of_files(staging, &prepared.files)?;
    let root = tree::spliced(staging, None, &path, directory)?;
    if let Some(old) = old
        && repository.find_commit(old)?.tree_id() == root
    {
        return Ok((old, Some(old), directory));
    }
    let facts = &prepared.facts;
    let author = commit::author(&facts.operator, seal.at)?;
    let committer = commit::committer(&facts.operator.host, seal.at)?;
    let parents: Vec<_> = old.into_iter().collect();
    let id = staging.commit(&author, &committer, &message(), root, &parents)?;
    Ok((id, old, directory))
}

/// Where a branch points; `None` when it does not exist.
pub(super) fn tip(repository: &Repository, branch: &str) -> Result<Option<Oid>, git2::Error> {
    match repository.refname_to_id(branch) {
        Ok(id) => Ok(Some(id)),
        Err(error) if error.code() == ErrorCode::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
