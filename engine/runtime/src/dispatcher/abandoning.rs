//! Giving a run up for good: nothing more is done, and what it kept others from is free.

use std::rc::Rc;

use runbook_model::entry::Purpose;
use runbook_model::state::StepPhase;
use runbook_model::status::RunStatus;

use super::desk::Desk;
use super::session::{Finished, Opening, Session};
use super::taking::{refuse_final, sources_of, take};
use super::{Halt, Refused};

impl Session {
    /// Gives a run up. A command of it that still runs is waited for: what it does, it does under the run's locks.
    ///
    /// # Errors
    /// When the run is over already, or cannot be taken.
    pub async fn abandon(mut opening: Opening, why: String) -> Result<Finished, Refused> {
        let (journal, state) = take(&mut opening, Purpose::Abandon)?;
        let run = opening.dir.run();
        refuse_final(&state, "give up")?;
        let (_, sources) = sources_of(&opening.dir, &state)?;
        let session = Self::unlocked(opening, journal, state, &sources, Purpose::Abandon)?;
        let desk = Rc::clone(session.desk());
        let learned = desk.beside(desk.learn_all()).await;
        let ended = learned.map(|()| RunStatus::Abandoned { why });
        Ok(session.finish(run, ended).await)
    }
}

impl Desk {
    /// Finds out by evidence alone what became of the commands that were in flight. What stays in doubt stays in doubt.
    async fn learn_all(&self) -> Result<(), Halt> {
        let doubtful: Vec<_> = self.ledger.state().doubtful().into_iter().cloned().collect();
        for step in doubtful {
            if let (StepPhase::Intended, Some(intent)) = (&step.phase, step.open_intent()) {
                match self.learn(intent).await {
                    // Nothing runs there any more that could be waited for, and what became of it will never be known.
                    Err(Halt::Unasked { may_live: false, .. }) => {}
                    learned => drop(learned?),
                }
            }
            if self.interrupts.wanted() {
                return Err(Halt::Interrupted);
            }
        }
        Ok(())
    }
}
