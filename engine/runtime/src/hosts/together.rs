//! Children that are waited for at the same time, and not for ever.

use std::process::Child;
use std::thread;
use std::time::{Duration, Instant};

/// How many run at the same time.
const AT_ONCE: usize = 64;

/// How long it takes to notice that one has ended.
const LOOK: Duration = Duration::from_millis(2);

/// Waits until all have ended, for `patience` at most; whoever is still running then is killed, and what has not begun does not
/// begin. Gives how many were killed.
///
/// Children begin when the iterator gives them: hosts that are gone, with the network between, cost the end of a run no more
/// than one of them would.
pub(super) fn ended(mut children: impl Iterator<Item = Child>, patience: Duration) -> usize {
    let deadline = Instant::now() + patience;
    let mut running: Vec<Child> = Vec::new();
    let mut all_began = false;
    loop {
        running.retain_mut(|child| matches!(child.try_wait(), Ok(None)));
        while running.len() < AT_ONCE && !all_began {
            match children.next() {
                Some(child) => running.push(child),
                None => all_began = true,
            }
        }
        if running.is_empty() {
            return 0;
        }
        if Instant::now() > deadline {
            break;
        }
        thread::sleep(LOOK);
    }
    let late = running.len();
    for mut child in running {
        // It may have ended just now: then there is nothing to kill.
        child.kill().and_then(|()| child.wait()).map(drop).unwrap_or(());
    }
    late
}
