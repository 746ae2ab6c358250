//! Findings as a log in the Static Analysis Results Interchange Format, version 2.1.0.

use std::collections::BTreeSet;
use std::path::Path;

use runbook_runtime::script::{Code, Diagnostic, Label, Severity, Span};
use serde_json::{Value, json};

use super::Report;
use super::seen_from::seen_from;
use crate::error_pages;
use crate::interchange::sarif::{self, uri};

pub(super) fn log(report: &Report, prefix: &Path) -> String {
    let used: BTreeSet<Code> = report.each().map(|(_, diagnostic)| diagnostic.code).collect();
    let rules: Vec<_> = used.into_iter().map(rule).collect();
    let results: Vec<_> = report.each().map(|(runbook, diagnostic)| result(runbook, diagnostic, prefix)).collect();
    sarif::log("runbook", &rules, &results)
}

fn rule(code: Code) -> Value {
    let title = error_pages::title_of(code.id()).unwrap_or_default();
    json!({
        "id": code.id(),
        "shortDescription": { "text": title },
        "help": { "text": format!("{}\n\nrunbook explain {}", code.explanation(), code.id()) },
    })
}

fn result(runbook: &str, diagnostic: &Diagnostic, prefix: &Path) -> Value {
    let level = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let more = diagnostic.label.iter().chain(&diagnostic.help).map(|text| format!("\n{text}"));
    let text: String = std::iter::once(diagnostic.message.clone()).chain(more).collect();
    let place = |span: &Span| json!({ "physicalLocation": physical(span, prefix) });
    let related =
        |Label { span, text }: &Label| json!({ "physicalLocation": physical(span, prefix), "message": { "text": text } });
    json!({
        "ruleId": diagnostic.code.id(),
        "level": level,
        "message": { "text": text },
        "locations": diagnostic.span.iter().map(place).collect::<Vec<_>>(),
        "relatedLocations": diagnostic.labels.iter().chain(&diagnostic.trail).map(related).collect::<Vec<_>>(),
        "properties": { "runbook": runbook },
    })
}

fn physical(span: &Span, prefix: &Path) -> Value {
    json!({
        "artifactLocation": { "uri": uri(&seen_from(prefix, &span.file)) },
        "region": {
            "startLine": span.line,
            "startColumn": span.column,
            "endColumn": span.column.saturating_add(span.length),
        },
    })
}
