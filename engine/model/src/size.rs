//! Numbers of bytes as runbooks write them: `"64KiB"`, `"10MiB"`, `"1GiB"`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A number of bytes, from 1 KiB to 1 TiB; text in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Size(u64);

/// Binary units first: a size is shown in the first one that divides it.
const UNITS: [(&str, u64); 8] = [
    ("TiB", 1 << 40),
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("kB", 1_000),
    ("B", 1),
];

const SMALLEST: u64 = 1 << 10;
const LARGEST: u64 = 1 << 40;

impl Size {
    /// So many MiB, from 1 to 1,048,576; what lies outside becomes the nearest that is possible.
    #[must_use]
    pub const fn from_mib(mib: u64) -> Self {
        let bytes = mib.saturating_mul(1 << 20);
        Self(if bytes < 1 << 20 {
            1 << 20
        } else if bytes > LARGEST {
            LARGEST
        } else {
            bytes
        })
    }

    /// The number of bytes.
    #[must_use]
    pub const fn bytes(self) -> u64 {
        self.0
    }
}

/// The text is not a number of bytes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a size: write for example \"64KiB\", \"10MiB\" or \"1GiB\" (from 1KiB to 1TiB)")]
pub struct NotASize(String);

impl FromStr for Size {
    type Err = NotASize;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refuse = || NotASize(text.chars().take(40).collect());
        let trimmed = text.trim();
        let digits = trimmed.find(|c: char| !c.is_ascii_digit()).ok_or_else(refuse)?;
        let number: u64 = trimmed[..digits].parse().map_err(|_| refuse())?;
        let wanted = trimmed[digits..].trim_start();
        let (_, unit) = UNITS.iter().find(|(name, _)| *name == wanted).ok_or_else(refuse)?;
        let bytes = number.checked_mul(*unit).filter(|bytes| (SMALLEST..=LARGEST).contains(bytes)).ok_or_else(refuse)?;
        Ok(Self(bytes))
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, unit) = UNITS.iter().find(|(_, unit)| self.0.is_multiple_of(*unit)).unwrap_or(&("B", 1));
        write!(f, "{}{name}", self.0 / unit)
    }
}

impl Serialize for Size {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn sizes_are_read_and_slips_are_refused() {
        for (text, bytes) in [("1KiB", 1024), ("10MiB", 10 << 20), (" 2 GiB ", 2 << 30), ("5MB", 5_000_000), ("2000B", 2000)] {
            assert_eq!(text.parse::<Size>().map(Size::bytes), Ok(bytes), "{text}");
        }
        for text in ["", "10", "10mib", "MiB", "-1KiB", "1.5MiB", "1023B", "2TiB", "99999999999999999999KiB", "1KiB2"] {
            assert!(text.parse::<Size>().is_err(), "{text}");
        }
        assert_eq!((Size::from_mib(0), Size::from_mib(u64::MAX)), (Size(1 << 20), Size(LARGEST)));
    }

    proptest! {
        #[test]
        fn what_is_shown_can_be_read(bytes in SMALLEST..=LARGEST) {
            prop_assert_eq!(Size(bytes).to_string().parse::<Size>(), Ok(Size(bytes)));
        }
    }
}
