//! What a session does with the script of its run: forward to its end, or back.

use runbook_model::decide::Refusal;
use runbook_model::entry::{Entry, Source};
use runbook_model::failure::Failure;
use runbook_model::outcome::Outcome;
use runbook_model::path::StepPath;
use runbook_model::person::Decider;
use runbook_model::state::{RunState, Step, StepPhase, Work};

use super::Halt;
use super::cast::{Cast, cast};
use super::session::{Finished, Session};
use crate::line::Line;
use crate::script::Program;

impl Session {
    /// A failed step, or a confirm that was declined, may be tried again: that is what resuming means. A step of which
    /// nobody knows whether it took effect is settled first. When branches of a `parallel` failed together, they are tried
    /// again together.
    pub(super) async fn reopen(&self, stopped_at: Option<StepPath>, by: Decider) -> Result<(), Halt> {
        let stopped = stopped(&self.desk().ledger.state());
        for path in stopped {
            self.desk().write(Entry::StepRetried { path, by: by.clone() })?;
        }
        let Some(path) = stopped_at else { return Ok(()) };
        let together = self.desk().ledger.state().failed_together(&path);
        for path in together {
            let Some(step) = self.desk().ledger.state().step(&path).cloned() else { continue };
            match &step.phase {
                StepPhase::Ended(Outcome::Failed(failure)) if step.is_doubtful() && !step.settles() => {
                    if let Some(spec) = step.open_spec() {
                        self.desk().ask_about(&path, spec, failure.line()).await?;
                    }
                }
                StepPhase::Ended(Outcome::Failed(_)) => {
                    self.desk().write(Entry::StepRetried { path, by: by.clone() })?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// `before` are the sources from before an edit that is being adopted: an edit that does not replay is not kept.
    pub(super) async fn forward(self, cast: Cast, before: Option<Vec<Source>>) -> Finished {
        let run = self.desk().ledger.state().run();
        let Cast { actor, mut calls } = cast;
        let mut ended = self.desk().forward(&actor, &mut calls).await;
        drop((actor, calls));
        if let Ok(status) = &ended
            && let Err(halt) = self.desk().make_plan(status).await
        {
            ended = Err(halt);
        }
        // What an edit has done stays done, and only that edit knows it: it is kept then, and mended by the next.
        let has_gone_on = self.desk().ledger.state().has_worked();
        if let (Err(Halt::Mismatch(_)), Some(sources), false) = (&ended, before, has_gone_on)
            && let Err(halt) = self.desk().write(Entry::Adopted { sources, by: Decider::Evidence })
        {
            ended = Err(halt);
        }
        self.finish(run, ended).await
    }

    pub(super) async fn backward(self, program: &Program) -> Finished {
        let run = self.desk().ledger.state().run();
        let (line, mut calls) = Line::new();
        let blocks = self.desk().ledger.state().owed().iter().any(|owed| !owed.done && owed.work == Work::Block);
        let actor = blocks.then(|| cast(program, self.desk().ledger.state().started(), line));
        if let Some(actor) = &actor {
            // Replaying the recorded part finds the blocks again. It ends where the record ends: the desk refuses
            // every step that would go forward.
            self.desk().rewind();
            self.desk().replay_only(true);
            self.desk().serve_while(actor, actor.play(self.desk().prompter()), &mut calls).await;
            self.desk().replay_only(false);
            match self.desk().take_halt() {
                None | Some(Halt::Mismatch(Refusal::Backwards { .. })) => {}
                Some(halt) => return self.finish(run, Err(halt)).await,
            }
        }
        let ended = self.desk().continue_rollback(actor.as_ref(), &mut calls).await;
        drop((actor, calls));
        self.finish(run, ended).await
    }
}

/// The commands that the operator stopped together with the run, which has not gone past them: they did not fail, and are made
/// again. What is in doubt is asked about instead.
fn stopped(state: &RunState) -> Vec<StepPath> {
    let back = state.rollback().is_some();
    let was_stopped = |step: &Step| {
        matches!(step.phase, StepPhase::Ended(Outcome::Failed(Failure::Stopped { .. })))
            && step.path.is_rollback() == back
            && (!step.is_doubtful() || step.settles())
            && state.is_newest(&step.path)
    };
    state.steps().iter().filter(|step| was_stopped(step)).map(|step| step.path.clone()).collect()
}
