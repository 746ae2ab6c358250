//! One rule: what an alert is called, what it says, which labels it adds.

use std::sync::Arc;

use super::{Rule, Said};
use crate::template::{Piece, pieces};
use crate::yaml::{Node, Place};

const ANSWER: &str = "it is what a server gave back: add the link where the rule comes from";

/// The name of the alert that a node is a rule of, and why nothing can be added to it, if so.
fn named(node: &Node) -> Option<(&Arc<Node>, Option<&'static str>)> {
    if let Some(name) = node.get("alert") {
        return Some((name, None));
    }
    // Provisioning of Grafana calls the alert `title`.
    if let Some(title) = node.get("title")
        && ["data", "uid", "condition"].iter().any(|key| node.get(key).is_some())
    {
        return Some((title, None));
    }
    if let Some(title) = node.get("grafana_alert").and_then(|alert| alert.get("title")) {
        return Some((title, Some(ANSWER)));
    }
    // What `/api/v1/rules` gives back.
    let is_alerting = node.text_of("type") == Some("alerting");
    node.get("name").filter(|_| is_alerting && node.get("query").is_some()).map(|name| (name, Some(ANSWER)))
}

/// Whether a node is a rule of an alert.
pub(super) fn is_alert(node: &Node) -> bool {
    named(node).is_some_and(|(name, _)| name.text().is_some())
}

/// The rule that a node is; `None` when it is no alert. `common` are the labels of its group.
pub(super) fn of(node: &Arc<Node>, common: Option<&Node>) -> Option<Rule> {
    let (name, fixed_by) = named(node)?;
    let mut rule = Rule {
        alert: name.text()?.to_owned(),
        place: name.start,
        fixed: Default::default(),
        computed: Default::default(),
        expression: node.text_of("expr").or_else(|| node.text_of("query")).filter(|text| !text.is_empty()).map(str::to_owned),
        sees_own_labels: false,
        annotations: Default::default(),
        allowed: Default::default(),
        node: fixed_by.map_or_else(|| Ok(node.clone()), Err),
    };
    let own = node.get("labels").map(|labels| &**labels);
    for (label, value) in common.into_iter().chain(own).flat_map(each) {
        let fixed = pieces(&value.text).is_ok_and(|all| all.iter().all(|piece| matches!(piece, Piece::Text(_))));
        rule.fixed.remove(&label);
        if fixed {
            rule.fixed.insert(label, value.text);
        } else {
            rule.computed.insert(label);
        }
    }
    rule.annotations.extend(node.get("annotations").into_iter().flat_map(|all| each(all)));
    Some(rule)
}

impl Rule {
    /// The same with its places moved.
    pub(super) fn moved(mut self, by: impl Fn(Place) -> Place) -> Self {
        self.place = by(self.place);
        for said in self.annotations.values_mut() {
            said.place = by(said.place);
        }
        self
    }
}

/// The texts of a map, those that are merged in first.
fn each(node: &Node) -> Vec<(String, Said)> {
    let mut found = Vec::new();
    for (key, value) in node.entries() {
        if key.text() == Some("<<") {
            let all = if value.items().is_empty() { std::slice::from_ref(value) } else { value.items() };
            let all = all.iter().take(16).flat_map(|merged| merged.entries().iter());
            found.splice(0..0, all.filter_map(|(key, value)| said(key, value)));
        } else {
            found.extend(said(key, value));
        }
    }
    found
}

fn said(key: &Node, value: &Node) -> Option<(String, Said)> {
    Some((key.text()?.to_owned(), Said { text: value.text()?.to_owned(), place: value.start }))
}
