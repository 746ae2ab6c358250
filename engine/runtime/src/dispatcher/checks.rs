//! How a check looks: the script takes the looks, the world says what they mean.

use runbook_model::entry::{End, Entry, Intent};
use runbook_model::path::StepPath;
use runbook_model::step::{Location, StepKind, StepSpec};

use super::Halt;
use super::calls::replayed;
use super::desk::{Desk, Turn};
use crate::operation::{Look, Reply};
use crate::report::Progress;
use crate::world::{Judgement, Looks};

impl Desk {
    /// Writes down that a check is about to look. No flush: a look changes nothing, so losing this record loses nothing.
    pub(super) fn begin_check(&self, path: StepPath, spec: StepSpec, location: Location) -> Result<Reply, Halt> {
        let intent = Intent {
            path: path.clone(),
            attempt: self.next_attempt(&path),
            fingerprint: spec.fingerprint(),
            spec: spec.clone(),
            change: None,
            owes: Vec::new(),
            location: location.clone(),
        };
        self.write(Entry::StepIntended(Box::new(intent)))?;
        self.turns.borrow_mut().insert(path, self.turn(spec, location, false));
        Ok(Reply::Look)
    }

    /// Lets a world that knows what a check will see say so, instead of the script.
    pub(super) async fn foreseen(&self, path: &StepPath, mut reply: Reply) -> Result<Reply, Halt> {
        while matches!(reply, Reply::Look)
            && let Some(look) = self.world.foresee(path)
        {
            reply = self.looked(path.clone(), look).await?;
        }
        Ok(reply)
    }

    pub(super) fn turn(&self, spec: StepSpec, location: Location, settling: bool) -> Turn {
        Turn { spec, location, began: self.world.monotonic_millis(), looks: 0, observed: Vec::new(), settling }
    }

    /// A closure was called.
    pub(super) async fn looked(&self, path: StepPath, look: Look) -> Result<Reply, Halt> {
        let Some(mut turn) = self.turns.borrow_mut().remove(&path) else {
            // Only a script room that breaks the protocol comes here: nobody asked it to look.
            return Err(Halt::Interrupted);
        };
        if turn.settling {
            return self.settled(path, turn, look).await;
        }
        let StepKind::Check(check) = &turn.spec.kind else { return Err(Halt::Interrupted) };
        let millis = self.world.monotonic_millis().saturating_sub(turn.began);
        let history = Looks { before: turn.looks, millis, after_withheld: self.ledger.state().has_withheld() };
        turn.looks += 1;
        let saw = in_a_line(&look);
        match self.world.judge(check, &history, look) {
            Judgement::Ended(outcome) => {
                let attempt =
                    self.ledger.state().step(&path).map(|step| step.attempt).unwrap_or(runbook_model::id::Attempt::FIRST);
                let reply = replayed(&turn.spec, &outcome);
                let observed = turn.observed;
                let end = End { path, attempt, outcome, millis: Some(millis), looks: Some(turn.looks), observed };
                self.write(Entry::StepEnded(Box::new(end)))?;
                Ok(reply)
            }
            Judgement::Again(pause) => {
                self.ledger.progress(&Progress::Looking { path: path.clone(), looks: turn.looks, saw });
                turn.observed.clear();
                self.turns.borrow_mut().insert(path, turn);
                self.pause(pause).await?;
                Ok(Reply::Look)
            }
        }
    }
}

fn in_a_line(look: &Look) -> String {
    match look {
        Look::Value(value) => value.to_string(),
        Look::Unknown { because } => format!("unknown: {because}"),
        Look::Failed { message, .. } => message.clone(),
    }
}
