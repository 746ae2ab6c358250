//! What a runbook says about itself in `runbook(#{ … })`, known without running anything.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::length::Length;
use crate::lock::Locks;
use crate::parameter::Parameter;
use crate::step::OnFailure;

/// What a runbook says about itself.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Declaration {
    /// One line for lists.
    pub title: String,
    /// The team that answers for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// The `//!` lines at the top of the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// Addresses, and files of the repository, that help whoever runs it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<String>,
    /// The alerts that it answers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub serves: Vec<Serves>,
    /// Whether an alert that it serves may start a rehearsal of it.
    #[serde(skip_serializing_if = "is_false")]
    pub rehearse_on_alert: bool,
    /// The time that it promises to keep.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub budget: Option<Length>,
    /// What happens when a step fails and nobody is there to ask.
    pub on_failure: OnFailure,
    /// The locks that its runs hold from beginning to end.
    #[serde(skip_serializing_if = "Locks::is_empty")]
    pub locks: Locks,
    /// Its parameters.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub params: BTreeMap<String, Parameter>,
}

fn is_false(flag: &bool) -> bool {
    !flag
}

/// An alert that a runbook answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Serves {
    /// The name of the alert.
    pub alert: String,
    /// Labels that it must have.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
}
