//! The alert that a run answers.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The alert from whose page a run was started. Its texts are those of whoever sent it, and of nobody's checking.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    /// Which system told of it: `alertmanager`, `grafana` or `pagerduty`.
    pub source: String,
    /// Its name.
    pub name: String,
    /// By which that system knows it.
    pub fingerprint: String,
    /// Since when it fires, as that system says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
}

impl Alert {
    /// In a line, for people.
    #[must_use]
    pub fn line(&self) -> String {
        let since = self.since.map(|since| format!(" since {since:.0}")).unwrap_or_default();
        format!("{}{since} ({})", self.name, self.source)
    }
}
