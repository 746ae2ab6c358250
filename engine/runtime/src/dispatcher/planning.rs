//! The end of a rehearsal: what the run would do is written down as a plan.

use runbook_model::change::Change;
use runbook_model::entry::{Entry, Mode};
use runbook_model::plan::Plan;
use runbook_model::status::RunStatus;

use super::Halt;
use super::desk::Desk;

impl Desk {
    /// Writes the plan of a rehearsal down that has come to `status`; a live run has none.
    pub(super) async fn make_plan(&self, status: &RunStatus) -> Result<(), Halt> {
        let (plan, owed) = {
            let state = self.ledger.state();
            if state.started().mode == Mode::Live {
                return Ok(());
            }
            Plan::and_owed(&state)
        };
        // A file that was not written cannot be put back either; where it lies was looked at.
        let owed = owed.iter().filter(|change| matches!(change, Change::Run(_) | Change::Http(_)));
        // What a rollback will need is looked for as well: it is wanted when least else works. The world keeps what it
        // does not find.
        for change in owed {
            drop(self.world.prepare(change).await);
        }
        let ended = matches!(status, RunStatus::Rehearsed { .. });
        self.write(Entry::PlanMade {
            plan: plan.digest(),
            steps: plan.steps.len() as u64,
            changes: plan.changes() as u64,
            certain: plan.certain && ended,
            lacks: self.world.lacks(),
            unconfined: self.world.unconfined(),
        })
    }
}
