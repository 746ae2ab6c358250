//! How often somebody may ask: a bucket for each address, filled at a steady pace.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use super::client_address;

/// So many addresses are remembered; then those whose bucket is full are forgotten, which changes nothing for them.
const MOST: usize = 50_000;

/// Buckets, one for each address.
#[derive(Debug)]
pub(super) struct Rate {
    size: f64,
    per_second: f64,
    buckets: Mutex<BTreeMap<IpAddr, (f64, Instant)>>,
}

impl Rate {
    /// `size` at once, and `per_second` in the long run.
    pub(super) fn new(size: f64, per_second: f64) -> Self {
        Self { size, per_second, buckets: Mutex::default() }
    }

    /// Takes one from the bucket of an address; false when it is empty.
    pub(super) fn take(&self, who: IpAddr) -> bool {
        self.take_at(client_address::of(who), Instant::now())
    }

    fn take_at(&self, who: IpAddr, now: Instant) -> bool {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let filled =
            |left: f64, at: Instant| (left + now.saturating_duration_since(at).as_secs_f64() * self.per_second).min(self.size);
        if buckets.len() >= MOST {
            buckets.retain(|_, (left, at)| filled(*left, *at) < self.size);
        }
        let (left, at) = buckets.entry(who).or_insert((self.size, now));
        let filled = filled(*left, *at);
        let has = filled >= 1.0;
        (*left, *at) = (if has { filled - 1.0 } else { filled }, now);
        has
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_bucket_empties_and_fills_and_is_nobody_elses() {
        let rate = Rate::new(2.0, 1.0);
        let (one, other, now) = (IpAddr::from([127, 0, 0, 1]), IpAddr::from([127, 0, 0, 2]), Instant::now());
        assert!(rate.take_at(one, now) && rate.take_at(one, now) && !rate.take_at(one, now));
        assert!(rate.take_at(other, now));
        assert!(rate.take_at(one, now + Duration::from_secs(1)) && !rate.take_at(one, now + Duration::from_secs(1)));
    }
}
