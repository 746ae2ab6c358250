//! Looks for rules in documents.

use std::sync::Arc;

use super::allowed::allowed;
use super::{File, Rule, Said};
use crate::template::{Piece, pieces};
use crate::yaml::{self, Node, Place, Unread};

/// The most rules of one file, aliases counted each time.
pub const MOST: usize = 100_000;
/// The most looks at anything in one file: a list of aliases of lists of aliases is not walked to its end.
const LOOKS: usize = 2_000_000;
/// `List` in `List`.
const WRAPPED: usize = 4;

/// Reads the rules of a file.
#[must_use]
pub fn read(name: &str, text: &str) -> File {
    let mut file = File { name: name.to_owned(), ..File::default() };
    let mut finder =
        Finder { file: &mut file, looks: 0, lines: text.lines().collect(), shift: 0, embedded: false, victoria: false };
    finder.text(text, 0);
    if let Some(unread) = &mut file.unread
        && file.rules.is_empty()
        && text.contains("{{")
        && [".Values", ".Release", "include \"", "{{- if", "{{ if", "{{- range", "{{- define", "{{`"]
            .iter()
            .any(|mark| text.contains(mark))
    {
        file.skipped
            .push((unread.place.line, "a template of Helm: render it first (`helm template . | runbook alerts check -`)".into()));
        file.unread = None;
    }
    file
}

struct Finder<'a> {
    file: &'a mut File,
    looks: usize,
    /// The lines of the text that is read now, for comments.
    lines: Vec<&'a str>,
    /// So many lines stand above that text.
    shift: usize,
    embedded: bool,
    /// Whether they are rules of VictoriaMetrics.
    victoria: bool,
}

impl Finder<'_> {
    fn text(&mut self, text: &str, wrapped: usize) {
        let (documents, unread) = yaml::read(text);
        let plain = |node: &Arc<Node>| node.get("groups").is_some() && node.get("apiVersion").is_none();
        let first_is_plain = documents.first().is_some_and(plain);
        for (at, document) in documents.iter().enumerate() {
            if at > 0 && first_is_plain && plain(document) {
                self.file.unread_documents.push(self.shifted(document.start));
                continue;
            }
            self.document(document, wrapped);
        }
        if let Some(unread) = unread {
            let place = self.shifted(unread.place);
            self.file.unread.get_or_insert(Unread { place, ..unread });
        }
    }

    fn document(&mut self, node: &Arc<Node>, wrapped: usize) {
        let kind = node.text_of("kind").unwrap_or_default();
        self.victoria = kind == "VMRule";
        if let Some(items) = node.get("items").filter(|_| kind.ends_with("List")) {
            if wrapped < WRAPPED {
                for item in items.items() {
                    if self.may_look(item) {
                        self.document(item, wrapped + 1);
                    }
                }
            }
        } else if kind == "ConfigMap" {
            self.config_map(node, wrapped);
        } else if let Some(groups) = node.get("spec").and_then(|spec| spec.get("groups")) {
            self.groups(groups);
        } else if let Some(groups) = node.get("groups") {
            self.groups(groups);
        } else if node.get("tests").is_some() && node.get("rule_files").is_some() {
            self.skip(node, "a unit test of rules");
        } else if kind.is_empty() && !node.is_null() {
            self.skip(node, "no rule file: it has no `groups`");
        } else if matches!(kind, "PrometheusRule" | "VMRule") {
            self.skip(node, "it has no `spec.groups`");
        }
    }

    fn skip(&mut self, node: &Node, why: &str) {
        let line = self.shifted(node.start).line;
        self.file.skipped.push((line, why.to_owned()));
    }

    /// A rule file as a text in a `ConfigMap`. Its lines are counted on from where the text begins.
    fn config_map(&mut self, node: &Node, wrapped: usize) {
        if self.embedded || wrapped >= WRAPPED {
            return;
        }
        for (key, value) in node.get("data").map(|data| data.entries()).unwrap_or_default() {
            let name = key.text().unwrap_or_default();
            let is_rules = [".yaml", ".yml", ".json", ".rules"].iter().any(|end| name.ends_with(end));
            let Some(text) = value.text().filter(|text| is_rules && text.contains("groups")) else { continue };
            let block = matches!(value.shape, yaml::Shape::Scalar { block: true, .. });
            // The lines of a block begin below its key.
            let shift = self.shift + if block { key.start.line } else { value.start.line.saturating_sub(1) };
            let mut inner = Finder {
                file: &mut *self.file,
                looks: self.looks,
                lines: text.lines().collect(),
                shift,
                embedded: true,
                victoria: false,
            };
            inner.text(text, wrapped + 1);
            self.looks = inner.looks;
        }
    }

    fn groups(&mut self, groups: &Node) {
        for group in groups.items() {
            let common = group.get("labels").cloned();
            for rule in group.get("rules").map(|rules| rules.items()).unwrap_or_default() {
                if !self.may_look(rule) {
                    return;
                }
                self.rule(rule, common.as_deref());
            }
            if !self.may_look(group) {
                return;
            }
        }
    }

    fn may_look(&mut self, node: &Node) -> bool {
        self.looks += 1;
        let much = self.looks > LOOKS || self.file.rules.len() >= MOST;
        if much {
            let place = self.shifted(node.start);
            self.file.unread.get_or_insert_with(|| Unread::new(place, format!("it holds more than {MOST} rules")));
        }
        !much
    }

    fn rule(&mut self, node: &Arc<Node>, common: Option<&Node>) {
        // Provisioning of Grafana calls the alert `title`.
        let grafana = node.get("title").filter(|_| node.get("data").is_some() || node.get("uid").is_some());
        let Some(name) = node.get("alert").or(grafana) else { return };
        let Some(alert) = name.text() else { return };
        let mut rule = Rule {
            alert: alert.to_owned(),
            place: self.shifted(name.start),
            fixed: Default::default(),
            computed: Default::default(),
            expression: node.text_of("expr").map(str::to_owned),
            sees_own_labels: self.victoria,
            annotations: Default::default(),
            allowed: allowed(&self.lines, node.start.line, node.last_line()),
            node: (!self.embedded).then(|| node.clone()),
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
        for (key, mut said) in node.get("annotations").into_iter().flat_map(|all| each(all)) {
            said.place = self.shifted(said.place);
            rule.annotations.insert(key, said);
        }
        self.file.rules.push(rule);
    }

    fn shifted(&self, place: Place) -> Place {
        Place { line: place.line + self.shift, ..place }
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
