//! A brief look for what is about to come, before a thread is put to sleep.
//!
//! To put a thread to sleep and to wake it on the other processor takes tens of microseconds, which is more than the script
//! needs from one step to the next, and more than the dispatcher needs for a step that is only rehearsed. So whoever expects
//! the other one back at once looks on for as long as that would take, and sleeps then: at worst it waits twice as long as
//! with the best of choices (the two-competitive rule of spinning: Karlin, Li, Manasse, Owicki, "Empirical Studies of
//! Competitive Spinning", 1991).

use std::sync::LazyLock;
use std::time::{Duration, Instant};

/// About as long as it takes to sleep and be woken.
const BRIEF: Duration = Duration::from_micros(30);

/// Whether there is more than one processor. With one, who looks on only keeps the other from coming.
pub(crate) static SEVERAL: LazyLock<bool> =
    LazyLock::new(|| std::thread::available_parallelism().is_ok_and(|count| count.get() > 1));

/// What `look` finds within a brief moment.
pub(crate) fn watch<T>(mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let first = look();
    if first.is_some() || !*SEVERAL {
        return first;
    }
    let began = Instant::now();
    loop {
        // The clock costs more than a look.
        for _ in 0..16 {
            std::hint::spin_loop();
            if let Some(found) = look() {
                return Some(found);
            }
        }
        if began.elapsed() > BRIEF {
            return None;
        }
    }
}
