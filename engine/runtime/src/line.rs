//! The line over which a script asks, and gets recorded answers.
//!
//! The script runs on a thread of its own and knows nothing but this: one method, [`Line::perform`]. When the other end
//! is gone, every call gives [`Hangup`], and the script unwinds with an error that it cannot catch.

use std::sync::Arc;

use runbook_model::path::StepPath;
use tokio::sync::oneshot::error::TryRecvError;
use tokio::sync::{mpsc, oneshot};

use crate::operation::{Operation, Reply};
use crate::prompter::Prompter;
use crate::watch::watch;

/// The engine has stopped listening: the script must end, and may not catch this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the engine stopped the run")]
pub struct Hangup;

/// One question with the place for its answer.
#[derive(Debug)]
pub struct Call {
    /// What is asked for.
    pub operation: Operation,
    /// Where the answer goes; dropping it is [`Hangup`].
    pub reply: oneshot::Sender<Reply>,
}

/// The script's end of the line. Clones serve the branches of `parallel`.
#[derive(Debug, Clone)]
pub struct Line {
    calls: mpsc::UnboundedSender<Call>,
    prompter: Option<Arc<Prompter>>,
    quick: bool,
}

impl Line {
    /// A line, and the end that the dispatcher listens to.
    #[must_use]
    pub fn new() -> (Self, mpsc::UnboundedReceiver<Call>) {
        let (sender, receiver) = mpsc::unbounded_channel();
        (Self { calls: sender, prompter: None, quick: false }, receiver)
    }

    /// The same line, over which most answers come at once: those of a rehearsal, which withholds what would take its time.
    #[must_use]
    pub fn quick(self, quick: bool) -> Self {
        Self { quick, ..self }
    }

    /// The same line, with somebody at its beginning who knows what is recorded.
    #[must_use]
    pub fn prompted(&self, prompter: Arc<Prompter>) -> Self {
        Self { prompter: Some(prompter), ..self.clone() }
    }

    /// Whether a question was put to people before, as far as whoever is at the beginning knows.
    #[must_use]
    pub fn has_asked(&self, question: &StepPath) -> bool {
        self.prompter.as_ref().is_some_and(|prompter| prompter.has_asked(question))
    }

    /// Asks, and waits for the answer. Blocks the thread: never call it from a tokio task.
    ///
    /// # Errors
    /// [`Hangup`] when the engine does not listen any more.
    pub fn perform(&self, operation: Operation) -> Result<Reply, Hangup> {
        if let Some(recorded) = self.prompter.as_ref().and_then(|prompter| prompter.reply(&operation)) {
            return Ok(recorded);
        }
        let (reply, mut answer) = oneshot::channel();
        self.calls.send(Call { operation, reply }).map_err(|_| Hangup)?;
        if self.quick {
            let heard = watch(|| match answer.try_recv() {
                Err(TryRecvError::Empty) => None,
                heard => Some(heard),
            });
            if let Some(heard) = heard {
                return heard.map_err(|_| Hangup);
            }
        }
        answer.blocking_recv().map_err(|_| Hangup)
    }
}
