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
        let came = Instant::now();
        let mut known = slot.lock().await;
        // What was begun since we came has everything that was there then, whatever has happened after it: a run that writes
        // all the time would otherwise be read again by each of those who wait.
        if let Some((at, known_mark, value)) = known.as_ref()
            && (*at >= came || *known_mark == mark && at.elapsed() < FRESH)
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
            // Of a thing that changes all the time: whoever waits for one that is read, and begun after they came, takes that.
            let (go, gone) = tokio::sync::oneshot::channel::<()>();
            let (begun, begins) = tokio::sync::oneshot::channel::<()>();
            let there = recent.clone();
            let slow = tokio::spawn(async move {
                let read = || async move {
                    begun.send(()).unwrap();
                    gone.await.unwrap();
                    Ok(100)
                };
                there.get("key", 3, read).await.unwrap()
            });
            begins.await.unwrap();
            let before = reads.load(Ordering::SeqCst);
            let waiting: Vec<_> = (4..40).map(ask).collect();
            // Each holds the slot once it has come.
            let slot = recent.slots.lock().unwrap()["key"].clone();
            while Arc::strong_count(&slot) < 2 + 1 + 36 {
                tokio::task::yield_now().await;
            }
            go.send(()).unwrap();
            assert_eq!(slow.await.unwrap(), 100);
            for one in waiting {
                assert!(one.await.unwrap() >= before, "what began before they came is not for them");
            }
            assert_eq!(reads.load(Ordering::SeqCst), before + 1, "36 waited, and one of them read");
            let failed = recent.get("other", 1, || async { Err(Refusal::nothing()) }).await;
            assert!(failed.is_err() && recent.get("other", 1, || async { Ok(7) }).await.unwrap() == 7);
        });
    }
}
