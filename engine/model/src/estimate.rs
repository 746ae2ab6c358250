//! How long it will likely take, from how long it took.

use serde::{Deserialize, Serialize};

/// What earlier runs took, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Estimate {
    /// Half of them took this long or less.
    pub median: u64,
    /// 95 of 100 took this long or less. Of fewer than 20 it is the longest.
    pub p95: u64,
    /// How many they were; at least 1.
    pub runs: u32,
    /// The shortest; absent in journals that were written before it was known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shortest: Option<u64>,
}

impl Estimate {
    /// From what each took; none without any.
    ///
    /// Both are nearest-rank percentiles, type 1 of Hyndman and Fan (1996): a time that was really taken, never one between
    /// two.
    #[must_use]
    pub fn of(mut millis: Vec<u64>) -> Option<Self> {
        millis.sort_unstable();
        let rank = |percent: usize| millis.get((millis.len() * percent).div_ceil(100).saturating_sub(1)).copied();
        let runs = u32::try_from(millis.len()).unwrap_or(u32::MAX);
        Some(Self { median: rank(50)?, p95: rank(95)?, runs, shortest: millis.first().copied() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_times_that_were_taken() {
        let estimate = |shortest, median, p95, runs| Some(Estimate { median, p95, runs, shortest: Some(shortest) });
        assert_eq!(Estimate::of(vec![]), None);
        assert_eq!(Estimate::of(vec![7]), estimate(7, 7, 7, 1));
        assert_eq!(Estimate::of(vec![9, 1, 5]), estimate(1, 5, 9, 3));
        assert_eq!(Estimate::of(vec![4, 1, 3, 2]), estimate(1, 2, 4, 4));
        assert_eq!(Estimate::of((1..=100).rev().collect()), estimate(1, 50, 95, 100));
    }
}
