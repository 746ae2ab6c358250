//! What was found in a file.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::yaml::{Node, Place, Unread};

/// A file with rules.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct File {
    /// Its name, as it was given.
    pub name: String,
    /// Its alerting rules, in their order.
    pub rules: Vec<Rule>,
    /// What it holds that is no rule, by line: why it was skipped.
    pub skipped: Vec<(usize, String)>,
    /// Documents with rules that Prometheus never reads: it stops after the first of a rule file.
    pub unread_documents: Vec<Place>,
    /// Why reading ended before its end.
    pub unread: Option<Unread>,
}

/// An alerting rule.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// The name of its alert.
    pub alert: String,
    /// Where the name stands.
    pub place: Place,
    /// Labels that it sets to a fixed value.
    pub fixed: BTreeMap<String, String>,
    /// Labels that it sets by a template.
    pub computed: BTreeSet<String>,
    /// Its expression, if it is PromQL or a dialect of it.
    pub expression: Option<String>,
    /// Whether its annotations see the labels that it adds itself: those of VictoriaMetrics do.
    pub sees_own_labels: bool,
    /// Its annotations.
    pub annotations: BTreeMap<String, Said>,
    /// Findings that a comment beside it allows.
    pub allowed: BTreeSet<String>,
    /// As it stands in the file; otherwise why nothing can be added to it.
    pub node: Result<Arc<Node>, &'static str>,
}

/// A text, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// The text.
    pub text: String,
    /// Where it begins.
    pub place: Place,
}
