//! Lengths of time as runbooks write them: `"90s"`, `"1m30s"`, `"2h"`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A length of time, in whole milliseconds; from 1 ms to 366 days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Length(u64);

const UNITS: [(&str, u64); 5] = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];
const LONGEST: u64 = 366 * 86_400_000;

impl Length {
    /// A length of `millis` milliseconds.
    #[must_use]
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// A length of `seconds` seconds.
    #[must_use]
    pub const fn from_secs(seconds: u64) -> Self {
        Self(seconds.saturating_mul(1_000))
    }

    /// The length in milliseconds.
    #[must_use]
    pub fn millis(self) -> u64 {
        self.0
    }
}

impl From<Duration> for Length {
    fn from(duration: Duration) -> Self {
        Self(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
    }
}

impl From<Length> for Duration {
    fn from(length: Length) -> Self {
        Self::from_millis(length.0)
    }
}

/// The text is not a length of time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a length of time: write for example \"500ms\", \"90s\", \"1m30s\", \"2h\" or \"7d\" (more than nothing, at most 366 days)"
)]
pub struct NotALength(String);

impl FromStr for Length {
    type Err = NotALength;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refuse = || NotALength(text.chars().take(40).collect());
        let mut rest = text.trim();
        let mut millis: u64 = 0;
        let mut largest_left = usize::MAX;
        while !rest.is_empty() {
            let digits = rest.find(|c: char| !c.is_ascii_digit()).filter(|&end| end > 0).ok_or_else(refuse)?;
            let number: u64 = rest[..digits].parse().map_err(|_| refuse())?;
            rest = &rest[digits..];
            let letters = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
            let unit = UNITS.iter().position(|(name, _)| *name == &rest[..letters]).ok_or_else(refuse)?;
            // Larger units come first and none comes twice, so that "1s1m" is seen as the slip that it is.
            if largest_left != usize::MAX && unit <= largest_left {
                return Err(refuse());
            }
            largest_left = unit;
            millis = number.checked_mul(UNITS[unit].1).and_then(|n| millis.checked_add(n)).ok_or_else(refuse)?;
            rest = rest[letters..].trim_start();
        }
        if (1..=LONGEST).contains(&millis) { Ok(Self(millis)) } else { Err(refuse()) }
    }
}

impl fmt::Display for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 0 {
            return f.write_str("0s");
        }
        let mut rest = self.0;
        for (name, size) in UNITS {
            if rest >= size {
                write!(f, "{}{name}", rest / size)?;
                rest %= size;
            }
        }
        Ok(())
    }
}

impl Serialize for Length {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Length {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        if text == "0s" { Ok(Self(0)) } else { text.parse().map_err(serde::de::Error::custom) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_what_people_write() {
        for (text, millis) in [("90s", 90_000), ("1m30s", 90_000), ("1m 30s", 90_000), ("500ms", 500), ("7d", 604_800_000)] {
            assert_eq!(text.parse(), Ok(Length(millis)), "{text}");
        }
    }

    #[test]
    fn refuses_what_is_unclear() {
        for text in ["", "5", "s", "-5s", "1.5h", "5 minutes", "1s1m", "1s1s", "0s", "400d", "99999999999999999999s", "5µs"] {
            assert!(text.parse::<Length>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_shown_is_read_back(millis in 1..LONGEST) {
            prop_assert_eq!(Length(millis).to_string().parse(), Ok(Length(millis)));
        }
    }
}
