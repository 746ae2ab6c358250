//! What a person signed.

use jiff::Timestamp;
use serde::Serialize;

use crate::path::StepPath;
use crate::person::Person;
use crate::signed::{Meaning, Signed};

/// What a person signed, without the signature itself: the record has that.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Signature {
    /// When it was written down.
    pub at: Timestamp,
    /// What it means.
    pub meaning: Meaning,
    /// The step that it is about, if it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<StepPath>,
    /// What they said, in a word or a line.
    pub said: String,
    /// Who.
    pub by: Person,
    /// The key, by its SHA-256 as `ssh-keygen -l` shows it.
    pub key: String,
}

impl Signature {
    /// Of a record.
    #[must_use]
    pub fn of(at: Timestamp, signed: &Signed) -> Self {
        let Signed { meaning, path, said, by, key, .. } = signed.clone();
        Self { at, meaning, path, said, by, key }
    }
}
