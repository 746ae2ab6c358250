//! A run at which nobody is, claimed for a session that is about to begin.

use std::time::Duration;

use runbook_runtime::anchor::Remote;
use runbook_runtime::journal::{Holder, Lease, RunDir};

use crate::output::{self, safe};

/// How long the remote may take for each answer when a run is given back. It is a courtesy, and somebody waits for the prompt.
const PATIENCE: Duration = Duration::from_secs(10);

/// The lease of a run whose last session came to its end, taken for the next one. When that does not begin (the edited runbook has a
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
            let why = safe::line(&why.to_string());
            output::to_stderr(&format!(
                "notice: other machines still find the run held by this one: {why}\nnext: runbook rollback {} --dry-run  (changes nothing, and gives it back)\n",
                self.dir.run()
            ));
        }
    }
}
