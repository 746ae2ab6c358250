//! What the operator's signals mean: once, let the running step end, then suspend; twice, stop the command.
//!
//! A third time ends the process at once; that is the front end's doing, because nothing here may stand in its way:
//! the journal is enough to go on from.
//!
//! Only a key that a person pressed grows more serious with repetition. A request to end and a terminal that goes away
//! come several times for one reason (a shell passes on what the kernel has sent already), and must not stop a command
//! that nobody wanted stopped.

use std::cell::Cell;
use std::future::Future;
use std::rc::Rc;

use runbook_model::path::StepPath;
use tokio::sync::watch;

use super::desk::Desk;
use crate::report::Progress;

/// The operator's wish to stop, as the desk sees it. Clones share the wish.
#[derive(Debug, Clone)]
pub struct Interrupts {
    wish: watch::Sender<u32>,
    stop: watch::Sender<bool>,
    hung_up: Rc<Cell<bool>>,
}

impl Default for Interrupts {
    fn default() -> Self {
        Self { wish: watch::Sender::new(0), stop: watch::Sender::new(false), hung_up: Rc::default() }
    }
}

impl Interrupts {
    /// The operator pressed Ctrl-C; each time is meant more seriously. Gives how seriously it is meant now.
    pub fn interrupt(&self) -> u32 {
        let count = *self.wish.borrow() + 1;
        self.wish.send_replace(count);
        if count >= 2 {
            self.stop.send_replace(true);
        }
        count
    }

    /// The run shall be suspended behind the running step, however often this is said.
    pub fn suspend(&self) {
        self.wish.send_if_modified(|count| {
            let first = *count == 0;
            *count = (*count).max(1);
            first
        });
    }

    /// The terminal is gone: the run is suspended, and nobody answers questions there any more.
    pub fn hang_up(&self) {
        self.hung_up.set(true);
        self.suspend();
    }

    /// Whether the terminal is gone.
    #[must_use]
    pub fn has_hung_up(&self) -> bool {
        self.hung_up.get()
    }

    /// Whether no new step may begin.
    #[must_use]
    pub fn wanted(&self) -> bool {
        *self.wish.borrow() > 0
    }

    /// Becomes true when running commands shall be stopped.
    #[must_use]
    pub fn stop(&self) -> watch::Receiver<bool> {
        self.stop.subscribe()
    }

    /// Ends when the operator wants the run to stop.
    pub async fn first(&self) {
        self.reaches(1).await;
    }

    async fn reaches(&self, wanted: u32) {
        let mut wish = self.wish.subscribe();
        // The sender lives as long as `self`, so waiting cannot fail.
        drop(wish.wait_for(|count| *count >= wanted).await);
    }
}

impl Desk {
    /// Waits for an effect, and tells the operator what their signals mean for it: it is waited for in any case, because
    /// an effect that nobody waits for would be in doubt for no reason. What several branches do is spoken of once.
    pub(super) async fn attended<T>(&self, path: &StepPath, effect: impl Future<Output = T>) -> T {
        let _counted = Attended::count(&self.attended);
        tokio::pin!(effect);
        for wanted in 1..=2 {
            tokio::select! {
                biased;
                done = &mut effect => return done,
                () = self.interrupts.reaches(wanted) => {
                    if self.announced.replace(self.announced.get().max(wanted)) < wanted {
                        self.ledger.progress(&Progress::Notice { text: meaning(wanted, path.name(), self.attended.get()) });
                    }
                }
            }
        }
        effect.await
    }
}

/// What a signal means for what is being done.
fn meaning(wanted: u32, name: &str, attended: usize) -> String {
    match (wanted, attended) {
        (1, 0 | 1) => format!("`{name}` is let run to its end, then the run stops; Ctrl-C stops it now"),
        (1, several) => format!("{several} steps are let run to their end, then the run stops; Ctrl-C stops them now"),
        (_, 0 | 1) => format!("stopping `{name}`; Ctrl-C leaves at once, without waiting for it"),
        (_, several) => format!("stopping {several} steps; Ctrl-C leaves at once, without waiting for them"),
    }
}

/// Counts an effect as long as it is waited for.
struct Attended<'a>(&'a Cell<usize>);

impl<'a> Attended<'a> {
    fn count(cell: &'a Cell<usize>) -> Self {
        cell.set(cell.get() + 1);
        Self(cell)
    }
}

impl Drop for Attended<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_keys_grow_more_serious() {
        let interrupts = Interrupts::default();
        for _ in 0..3 {
            interrupts.suspend();
            interrupts.hang_up();
        }
        assert!(interrupts.wanted() && interrupts.has_hung_up() && !*interrupts.stop().borrow());
        assert_eq!(interrupts.interrupt(), 2);
        assert!(*interrupts.stop().borrow());
        interrupts.suspend();
        assert_eq!(interrupts.interrupt(), 3);
    }
}
