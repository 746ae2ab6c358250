//! Who decided what.

use jiff::Timestamp;
use serde::Serialize;

use crate::answer::Said;
use crate::digest::Digest;
use crate::entry::Verdict;
use crate::path::StepPath;
use crate::person::Decider;

/// A decision that somebody, or something, took in a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Decision {
    /// When it was written down.
    pub at: Timestamp,
    /// About which step; the root when about the run.
    pub path: StepPath,
    /// Who took it.
    pub by: Decider,
    /// What was decided.
    #[serde(flatten)]
    pub what: Decided,
    /// Why, or what they added.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// What was decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "decided", rename_all = "snake_case")]
pub enum Decided {
    /// A confirm was answered.
    Answered {
        /// What was said.
        said: Said,
        /// The digest of what they were shown.
        shown: Digest,
    },
    /// A step in doubt was settled.
    Resolved {
        /// What happened.
        verdict: Verdict,
    },
    /// A failed step may be tried again.
    Retried,
    /// A step was passed over.
    Skipped,
    /// The run turned around.
    RolledBack,
    /// The run goes on with edited sources.
    Adopted,
}

impl Decided {
    /// The decision in a few words, behind the name of whoever took it.
    #[must_use]
    pub fn line(&self) -> String {
        match self {
            Self::Answered { said: Said::Yes, .. } => "said yes".to_owned(),
            Self::Answered { said: Said::No, .. } => "said no".to_owned(),
            Self::Answered { said: Said::Chose(choice), .. } => format!("chose {choice}"),
            Self::Answered { said: Said::Entered(text), .. } => format!("entered “{text}”"),
            Self::Resolved { verdict: Verdict::Did } => "settled it: it took effect".to_owned(),
            Self::Resolved { verdict: Verdict::DidNot } => "settled it: it did not take effect".to_owned(),
            Self::Retried => "had it tried again".to_owned(),
            Self::Skipped => "passed over it".to_owned(),
            Self::RolledBack => "rolled the run back".to_owned(),
            Self::Adopted => "went on with edited sources".to_owned(),
        }
    }
}
