//! What is known here of the remote: references of the archive that nobody else reads.
//!
//! ```text
//! refs/runbook/founding          the first commit of this trail, so that it need not be looked for again
//! refs/runbook/anchored/<branch> what is at the remote, as far as we pushed it
//! refs/runbook/lease/<run>       the lease that we saw or wrote there last
//! refs/runbook/offered/<run>     the lease that we tried to write there last, noted before we try
//! ```

use std::time::Duration;

use git2::{ErrorCode, Oid, Repository};
use runbook_model::id::RunId;

use super::refusal::NotAnchored;
use super::remote::Remote;
use crate::audit::{PUSHED, WriterLock};

pub(super) const FOUNDING: &str = "refs/runbook/founding";

/// How long to wait for others who write to the archive: each of them needs some milliseconds, but one whose signature a person
/// has to confirm, half a minute.
const PATIENCE: Duration = Duration::from_secs(40);

/// How long to wait for a git process that is at one of our references. The archive is locked meanwhile, and runs wait to seal.
const BRIEFLY: Duration = Duration::from_secs(1);

/// Where it is remembered what is at the remote of a branch.
pub(super) fn anchored(branch: &str) -> String {
    branch.replacen("refs/heads/", PUSHED, 1)
}

/// The lease of a run, here and there.
pub(super) fn lease(run: RunId) -> String {
    format!("refs/runbook/lease/{run}")
}

/// Where the lease is remembered that may have come to be there.
pub(super) fn offered(run: RunId) -> String {
    format!("refs/runbook/offered/{run}")
}

/// Where a reference points; `None` when it does not exist.
pub(super) fn target(git: &Repository, name: &str) -> Result<Option<Oid>, git2::Error> {
    match git.refname_to_id(name) {
        Ok(id) => Ok(Some(id)),
        Err(error) if error.code() == ErrorCode::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

impl Remote {
    /// Remembers where these references point now, whatever was known before.
    pub(super) fn remember(&self, git: &Repository, known: &[(String, Oid)]) -> Result<(), NotAnchored> {
        if known.is_empty() {
            return Ok(());
        }
        let names: Vec<_> = known.iter().map(|(name, _)| name.as_str()).collect();
        let one = |(name, id): &(String, Oid)| git.reference(name, *id, true, "").map(drop);
        self.moving(&names, || Ok(known.iter().try_for_each(one)?))
    }

    /// Moves references as the one writer of the archive: a process that is killed in the middle of it leaves git's lock of the
    /// reference behind, and only the lock of the archive tells the next one that it is nobody's.
    pub(super) fn moving<T>(&self, names: &[&str], act: impl FnOnce() -> Result<T, NotAnchored>) -> Result<T, NotAnchored> {
        let locked = |error: crate::audit::Locked| NotAnchored::Archive(error.to_string());
        let lock = WriterLock::take(&self.archive, PATIENCE).map_err(locked)?;
        lock.patient_for(BRIEFLY).moving(names, act).map_err(locked)?
    }
}
