//! A run that was free, and is ours until a session begins.

use std::time::Duration;

use runbook_runtime::anchor::Remote;
use runbook_runtime::journal::{Holder, Lease, RunDir};

/// How long the remote may take for each answer when a run is given back. It is a courtesy, and somebody waits for the prompt.
const PATIENCE: Duration = Duration::from_secs(10);

/// The lease of a run that nobody had, taken for a session that is about to begin. When it does not (the edited runbook has a
/// mistake, an answer is not for this person to give), the lease is given back: else other machines would have to take the
/// run over from one that is at nothing.
#[derive(Debug)]
pub(crate) struct Claim {
    remote: Remote,
    dir: RunDir,
    holder: Holder,
    /// Whether it is given back when this is dropped.
    lent: bool,
}

impl Claim {
    /// For a lease that was just taken.
    pub(crate) fn of(remote: &Remote, dir: RunDir, holder: Holder) -> Self {
        Self { remote: remote.unattended(PATIENCE), dir, holder, lent: true }
    }

    /// The session begins, and lets go of the run at its end.
    pub(crate) fn keep(mut self) {
        self.lent = false;
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        if !self.lent {
            return;
        }
        // Another process of this machine may have come to the same run meanwhile, with the same lease: it must not work under one
        // that says that the run is free. Whoever comes while we push is refused.
        let Ok(_ours_here) = Lease::take(&self.dir, &self.holder) else { return };
        if let Err(why) = self.remote.push_run(self.dir.run(), &self.holder.name, false) {
            tracing::warn!(%why, run = %self.dir.run(), "the run was not given back");
        }
    }
}
