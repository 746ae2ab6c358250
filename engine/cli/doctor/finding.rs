//! What was found out about one thing.

use serde::Serialize;

/// What was found out about one thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The thing: `git`, `clock`, `state directory`.
    pub about: String,
    /// How it stands.
    pub standing: Standing,
    /// What was seen, in one line.
    pub says: String,
    /// What to do about it; absent when nothing has to be done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub way_out: Option<String>,
}

/// How a thing stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    /// As it should be.
    Ok,
    /// Runs are possible, and one of the promises is weaker.
    Warning,
    /// Something that is needed here cannot be used.
    Missing,
}

impl Standing {
    /// The word that people read.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Missing => "missing",
        }
    }
}

impl Finding {
    pub(super) fn ok(about: impl Into<String>, says: impl Into<String>) -> Self {
        Self { about: about.into(), standing: Standing::Ok, says: says.into(), way_out: None }
    }

    pub(super) fn warning(about: impl Into<String>, says: impl Into<String>, way_out: impl Into<String>) -> Self {
        Self { standing: Standing::Warning, way_out: Some(way_out.into()), ..Self::ok(about, says) }
    }

    pub(super) fn missing(about: impl Into<String>, says: impl Into<String>, way_out: impl Into<String>) -> Self {
        Self { standing: Standing::Missing, ..Self::warning(about, says, way_out) }
    }
}
