//! Files that hold rules once something has made YAML of them: named, and not read.

use crate::yaml::Node;

/// What marks a template of Helm; of these, none is YAML.
const HELM: [&str; 9] =
    ["{{ .Values", "{{- .Values", "{{ include", "{{- include", "{{- if", "{{ if", "{{- range", "{{- define", "{{- with"];
/// What marks a template of Jinja, which Ansible renders.
const JINJA: [&str; 4] = ["{% raw", "{% if", "{% for", "{%-"];

/// What a file is by its name: Jsonnet may well read as YAML, and means something else.
pub(super) fn language(name: &str) -> Option<&'static str> {
    let is_jsonnet = [".jsonnet", ".libsonnet"].iter().any(|end| name.ends_with(end));
    is_jsonnet.then_some("Jsonnet: evaluate it first (`jsonnet FILE | runbook alerts check -`)")
}

/// What a file is that could not be read as YAML, and what makes YAML of it; `None` when it is only broken.
pub(super) fn template(text: &str) -> Option<&'static str> {
    let holds = |marks: &[&str]| marks.iter().any(|mark| text.contains(mark));
    if holds(&HELM) {
        Some("a template of Helm: render it first (`helm template . | runbook alerts check -`)")
    } else if holds(&JINJA) {
        Some("a template of Jinja: render it first")
    } else {
        None
    }
}

/// What a document is that holds no rules and could be taken for one that does; `None` when nothing is to be said of it.
pub(super) fn document(node: &Node) -> Option<&'static str> {
    let kind = node.text_of("kind").unwrap_or_default();
    if node.get("tests").is_some() && node.get("rule_files").is_some() {
        Some("a unit test of rules")
    } else if matches!(kind, "PrometheusRule" | "VMRule") {
        Some("it has no `spec.groups`")
    } else if node.get("panels").is_some_and(|panels| panels.items().iter().any(|panel| panel.get("alert").is_some())) {
        Some("a dashboard: alerts in panels, which Grafana knew before version 11, have no annotations that could hold a link")
    } else if kind.is_empty() && !node.is_null() {
        Some("no rule file: it has no `groups`")
    } else {
        None
    }
}
