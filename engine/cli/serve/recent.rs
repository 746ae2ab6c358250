//! What was read a moment ago. Two hundred requests a second ask about the same few things: each thing is read once, by the first
//! who asks, and the others wait for that one instead of reading it again.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::refusal::Refusal;

/// What is older is read again, whatever its mark says: not every change leaves one.
const FRESH: Duration = Duration::from_secs(1);
/// So many things are remembered; then all are forgotten.
const MOST: usize = 256;

/// What was read, by key. A mark is something cheap that changes with it: whoever has changed something sees it at once.
#[derive(Debug)]
pub(super) struct Recent<K, M, V> {
    slots: Mutex<BTreeMap<K, Slot<M, V>>>,
}

type Slot<M, V> = Arc<tokio::sync::Mutex<Option<(Instant, M, V)>>>;

impl<K, M, V> Default for Recent<K, M, V> {
    fn default() -> Self {
        Self { slots: Mutex::default() }
    }
}

impl<K: Ord, M: PartialEq, V: Clone> Recent<K, M, V> {
    /// The thing, read by `read` unless it was read a moment ago and has the same mark.
    ///
    /// # Errors
    /// Those of `read`, which is tried again by the next who asks.
    pub(super) async fn get<F>(&self, key: K, mark: M, read: impl FnOnce() -> F) -> Result<V, Refusal>
    where
        F: Future<Output = Result<V, Refusal>>,
    {
        let slot = {
            let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
            if slots.len() >= MOST && !slots.contains_key(&key) {
                slots.clear();
            }
            slots.entry(key).or_default().clone()
        };
        let mut known = slot.lock().await;
        if let Some((at, known_mark, value)) = known.as_ref()
            && *known_mark == mark
            && at.elapsed() < FRESH
        {
            return Ok(value.clone());
        }
        // As old as its beginning: what changes while it is read may be missing in it.
        let began = Instant::now();
        let value = read().await?;
        *known = Some((began, mark, value.clone()));
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn many_who_ask_read_once_and_a_change_is_read_at_once() {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let (recent, reads) = (Arc::new(Recent::default()), Arc::new(AtomicUsize::new(0)));
            let ask = |mark: u32| {
                let (recent, reads) = (recent.clone(), reads.clone());
                tokio::spawn(async move {
                    let read = || async {
                        tokio::task::yield_now().await;
                        Ok(reads.fetch_add(1, Ordering::SeqCst))
                    };
                    recent.get("key", mark, read).await.unwrap()
                })
            };
            let asked: Vec<_> = (0..50).map(|_| ask(1)).collect();
            for one in asked {
                assert_eq!(one.await.unwrap(), 0);
            }
            assert_eq!(ask(2).await.unwrap(), 1);
            assert_eq!(ask(2).await.unwrap(), 1);
            let failed = recent.get("other", 1, || async { Err(Refusal::nothing()) }).await;
            assert!(failed.is_err() && recent.get("other", 1, || async { Ok(7) }).await.unwrap() == 7);
        });
    }
}
