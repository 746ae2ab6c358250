//! Locks between runs, by name: two runs that want the same one come one after the other.

use serde::{Deserialize, Serialize};

use crate::length::Length;

/// The longest name, in bytes.
const LONGEST: usize = 100;

/// Which locks a run or a phase wants.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Locks {
    /// Their names.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
    /// How long it waits for another run that is at work; as long as that takes when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wait: Option<Length>,
}

impl Locks {
    /// Whether none is wanted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }
}

/// Whether a name can be that of a lock: it names a file as well, and people type it.
#[must_use]
pub fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= LONGEST
        && !name.starts_with(['.', '-'])
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_plain_file_name() {
        assert!(["api-deploy", "db_7", "eu.west.1", "7"].into_iter().all(is_name));
        let longer = "x".repeat(LONGEST + 1);
        assert!(!["", ".", "..", ".hidden", "-rf", "a/b", "a b", "ä", "a\n", &longer].into_iter().any(is_name));
    }
}
