//! Findings as annotations of GitHub Actions: a line on standard output that begins with `::error` or `::warning`.

use std::path::Path;

use runbook_runtime::script::{Diagnostic, Severity};

use super::Report;
use super::seen_from::seen_from;
use crate::interchange::workflow::{data, property};

pub(super) fn annotations(report: &Report, prefix: &Path) -> String {
    report.each().map(|(_, diagnostic)| annotation(diagnostic, prefix)).collect()
}

fn annotation(diagnostic: &Diagnostic, prefix: &Path) -> String {
    let level = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let mut properties = Vec::new();
    if let Some(span) = &diagnostic.span {
        let file = seen_from(prefix, &span.file);
        properties.push(format!("file={}", property(&file)));
        properties.push(format!("line={},endLine={}", span.line, span.line));
        properties.push(format!("col={},endColumn={}", span.column, span.column.saturating_add(span.length)));
    }
    properties.push(format!("title={}", diagnostic.code.id()));
    let more = diagnostic.label.iter().chain(&diagnostic.help).map(|text| format!("\n{text}"));
    let message: String = std::iter::once(diagnostic.message.clone()).chain(more).collect();
    format!("::{level} {}::{}\n", properties.join(","), data(&message))
}
