//! A run that was free, and is ours until a session begins.

use runbook_runtime::anchor::Remote;
use runbook_runtime::journal::RunDir;

/// The lease of a run that nobody had, taken for a session that is about to begin. When it does not (the edited runbook has a
/// mistake, an answer is not for this person to give), the lease is given back: else other machines would have to take the
/// run over from one that is at nothing.
#[derive(Debug)]
pub(crate) struct Claim {
    remote: Remote,
    dir: RunDir,
    name: String,
    /// Whether it is given back when this is dropped.
    lent: bool,
}

impl Claim {
    /// For a lease that was just taken by `name`.
    pub(crate) fn of(remote: &Remote, dir: RunDir, name: &str) -> Self {
        Self { remote: remote.clone(), dir, name: name.to_owned(), lent: true }
    }

    /// The session begins, and lets go of the run at its end.
    pub(crate) fn keep(mut self) {
        self.lent = false;
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        // Another process of this machine may have come to the same run meanwhile, with the same lease.
        let others = !matches!(self.dir.held(), Ok(None));
        if !self.lent || others {
            return;
        }
        if let Err(why) = self.remote.push_run(self.dir.run(), &self.name, false) {
            tracing::warn!(%why, run = %self.dir.run(), "the run was not given back");
        }
    }
}
