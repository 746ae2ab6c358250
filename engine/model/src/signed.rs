//! A statement with its signature, as a record holds it; [`crate::statement`] says what is signed.

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::path::StepPath;
use crate::person::Person;

/// A statement that a person signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signed {
    /// What the signature means.
    pub meaning: Meaning,
    /// The step that it is about, if it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<StepPath>,
    /// What they say, in a word or a line: the answer, the verdict, what the session is for.
    pub said: String,
    /// Why, or what they added.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// The digest of what they were shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shown: Option<Digest>,
    /// Who.
    pub by: Person,
    /// The key that signed, by its SHA-256 as `ssh-keygen -l` shows it.
    pub key: String,
    /// The armored SSH signature of [`Signed::text`] in the namespace [`NAMESPACE`](crate::statement::NAMESPACE).
    pub signature: String,
}

/// What a signature means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Meaning {
    /// "I start this": a session that works on the run.
    Executed,
    /// "I agree to this": an answer to a confirm.
    Approved,
    /// "I do not": the answer no.
    Declined,
    /// "I looked, and this is what happened": a step in doubt.
    Resolved,
    /// "Go on without this": a step that failed and is passed over.
    Skipped,
    /// "I have read this": a run that was looked through afterwards.
    Reviewed,
}

impl Meaning {
    /// The word in the journal and in the text.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Executed => "executed",
            Self::Approved => "approved",
            Self::Declined => "declined",
            Self::Resolved => "resolved",
            Self::Skipped => "skipped",
            Self::Reviewed => "reviewed",
        }
    }
}
