//! How many of something one of many may have at a time: connections of a client, live views of a person. A thousand people
//! who look are welcome; one of them with a thousand connections keeps others out.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Who has how many.
#[derive(Debug)]
pub(super) struct Crowd<K: Ord> {
    each: usize,
    here: Mutex<BTreeMap<K, usize>>,
}

/// One that is counted until this is dropped.
#[derive(Debug)]
pub(super) struct Place<K: Ord> {
    crowd: Arc<Crowd<K>>,
    who: K,
}

impl<K: Ord + Clone> Crowd<K> {
    /// At most `each` for one of them.
    pub(super) fn new(each: usize) -> Arc<Self> {
        Arc::new(Self { each, here: Mutex::default() })
    }

    /// Counts one more; `None` when this one has enough.
    pub(super) fn admit(self: &Arc<Self>, who: K) -> Option<Place<K>> {
        let mut here = self.here.lock().unwrap_or_else(PoisonError::into_inner);
        let count = here.entry(who.clone()).or_default();
        if *count >= self.each {
            return None;
        }
        *count += 1;
        Some(Place { crowd: self.clone(), who })
    }
}

impl<K: Ord> Drop for Place<K> {
    fn drop(&mut self) {
        let mut here = self.crowd.here.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = here.get_mut(&self.who) {
            *count -= 1;
            if *count == 0 {
                here.remove(&self.who);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_has_so_many_and_others_have_theirs() {
        let crowd = Crowd::new(2);
        let first = crowd.admit("one").unwrap();
        let second = crowd.admit("one").unwrap();
        assert!(crowd.admit("one").is_none() && crowd.admit("other").is_some());
        drop(first);
        assert!(crowd.admit("one").is_some());
        drop(second);
        // Nobody is remembered who is gone.
        assert!(crowd.here.lock().unwrap().is_empty());
    }
}
