//! Findings as lines of JSON.

use serde_json::json;

use super::Report;

pub(super) fn lines(report: &Report) -> String {
    let line = |(runbook, diagnostic)| format!("{}\n", json!({ "v": 1, "runbook": runbook, "diagnostic": diagnostic }));
    report.each().map(line).collect()
}
