//! Findings as lines of JSON.

use runbook_alerts::findings::{Finding, Severity};
use serde_json::json;

use super::Checked;

pub(super) fn lines(checked: &Checked) -> String {
    checked.findings.iter().map(line).collect()
}

fn line(finding: &Finding) -> String {
    let line = json!({
        "v": 1,
        "finding": finding.kind.name(),
        "severity": level(finding.severity),
        "file": finding.file,
        "line": finding.line,
        "column": finding.column,
        "alert": finding.alert,
        "message": finding.message,
        "help": finding.help,
    });
    format!("{line}\n")
}

/// `error` or `warning`: SARIF and GitHub say the same.
pub(super) fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}
