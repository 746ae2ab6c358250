//! Findings as a log in the Static Analysis Results Interchange Format, version 2.1.0.

use std::collections::BTreeSet;

use runbook_alerts::findings::{Finding, Kind};
use serde_json::{Value, json};

use super::Checked;
use super::json::level;

/// Code hosts refuse a log with more results than this.
const MOST: usize = 25_000;

pub(super) fn log(checked: &Checked) -> String {
    let used: BTreeSet<Kind> = checked.findings.iter().map(|finding| finding.kind).collect();
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "runbook alerts check",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": used.into_iter().map(|kind| json!({ "id": kind.name() })).collect::<Vec<_>>(),
            } },
            "columnKind": "unicodeCodePoints",
            "results": checked.findings.iter().take(MOST).map(result).collect::<Vec<_>>(),
        }],
    });
    format!("{log:#}\n")
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

/// A path as a relative reference.
fn uri(path: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
    path.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}
