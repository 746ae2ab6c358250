//! What the operator's signals mean: once, let the running step end, then suspend; twice, stop the command.
//!
//! A third time ends the process at once; that is the front end's doing, because nothing here may stand in its way:
//! the journal is enough to go on from.

use std::cell::Cell;
use std::rc::Rc;

use tokio::sync::watch;

/// The operator's wish to stop, as the desk sees it. Clones share the wish.
#[derive(Debug, Clone)]
pub struct Interrupts {
    count: Rc<Cell<u32>>,
    stop: watch::Sender<bool>,
    wish: watch::Sender<u32>,
}

impl Default for Interrupts {
    fn default() -> Self {
        Self { count: Rc::default(), stop: watch::Sender::new(false), wish: watch::Sender::new(0) }
    }
}

impl Interrupts {
    /// The operator wants the run to stop; each call is meant more seriously. Gives how often it was called.
    pub fn interrupt(&self) -> u32 {
        let count = self.count.get() + 1;
        self.count.set(count);
        self.wish.send_replace(count);
        if count >= 2 {
            self.stop.send_replace(true);
        }
        count
    }

    /// Whether no new step may begin.
    #[must_use]
    pub fn wanted(&self) -> bool {
        self.count.get() > 0
    }

    /// Becomes true when running commands shall be stopped.
    #[must_use]
    pub fn stop(&self) -> watch::Receiver<bool> {
        self.stop.subscribe()
    }

    /// Ends when the operator wants the run to stop.
    pub async fn first(&self) {
        let mut wish = self.wish.subscribe();
        // The sender lives as long as `self`, so waiting cannot fail.
        drop(wish.wait_for(|count| *count > 0).await);
    }
}
