//! Findings as a log in the Static Analysis Results Interchange Format, version 2.1.0.

use std::collections::BTreeSet;

use runbook_alerts::findings::{Finding, Kind};
use serde_json::{Value, json};

use super::Checked;
use super::json::level;
use crate::interchange::sarif::{self, uri};

/// Code hosts refuse a log with more results than this.
const MOST: usize = 25_000;

pub(super) fn log(checked: &Checked) -> String {
    let used: BTreeSet<Kind> = checked.findings.iter().map(|finding| finding.kind).collect();
    let rules: Vec<_> = used.into_iter().map(|kind| json!({ "id": kind.name() })).collect();
    let results: Vec<_> = checked.findings.iter().take(MOST).map(result).collect();
    sarif::log("runbook alerts check", &rules, &results)
}

fn result(finding: &Finding) -> Value {
    let help = finding.help.as_ref().map(|help| format!("\n{help}")).unwrap_or_default();
    json!({
        "ruleId": finding.kind.name(),
        "level": level(finding.severity),
        "message": { "text": format!("{}{help}", finding.message) },
        "locations": [{ "physicalLocation": {
            "artifactLocation": { "uri": uri(&finding.file) },
            "region": { "startLine": finding.line, "startColumn": finding.column },
        } }],
        "properties": { "alert": finding.alert },
    })
}
