//! What a run is of: its first record.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Alert;
use crate::digest::Digest;
use crate::gate::Gate;
use crate::length::Length;
use crate::lock::Locks;
use crate::outlook::Outlook;
use crate::parameter::Given;
use crate::step::OnFailure;

/// What a run is of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunStarted {
    /// The name of the runbook.
    pub runbook: String,
    /// Its title.
    pub title: String,
    /// The team that owns it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Live or rehearsal.
    pub mode: Mode,
    /// The environment, when one was named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub env: Option<String>,
    /// Whether changes to that environment deserve more care.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub protected: bool,
    /// The parameters, with where each value came from.
    pub params: BTreeMap<String, Given>,
    /// What the script sees as `settings`.
    #[serde(default, skip_serializing_if = "serde_json::Map::is_empty")]
    pub settings: serde_json::Map<String, crate::Value>,
    /// The alert that it answers, when somebody started it from the page of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alert: Option<Alert>,
    /// The promise of the whole run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget: Option<Length>,
    /// The locks that it holds from beginning to end.
    #[serde(default, skip_serializing_if = "Locks::is_empty")]
    pub locks: Locks,
    /// What happens when a step fails and nobody is there to ask.
    #[serde(default)]
    pub on_failure: OnFailure,
    /// The pinned sources: the runbook first, then every module that it imports.
    pub sources: Vec<Source>,
    /// The commit of the runbook repository and whether it was edited since; absent outside a repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provenance: Option<Provenance>,
    /// The directory that relative paths of commands start from.
    pub root: String,
    /// Who belongs to which group, for confirms that name one.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub groups: BTreeMap<String, Vec<String>>,
    /// The groups of hosts that the script can ask for with `hosts("…")`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub hosts: BTreeMap<String, Vec<String>>,
    /// Why the run is not sealed, when the operator chose that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unsealed: Option<String>,
    /// What its environment asks before the first change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gate: Option<Gate>,
    /// What earlier runs say about it.
    #[serde(default, skip_serializing_if = "Outlook::is_empty")]
    pub outlook: Outlook,
}

/// Whether changes are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Changes are made.
    Live,
    /// Changes are withheld and shown.
    Rehearsal,
}

/// One pinned source file. Its text lies beside the journal, and in the audit trail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// Relative to the root of the runbook repository, or `std/…`.
    pub name: String,
    /// SHA-256 of the text.
    pub digest: Digest,
}

/// From which commit a runbook came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provenance {
    /// The commit.
    pub commit: String,
    /// Whether one of the pinned sources differs from that commit.
    pub dirty: bool,
}
