//! Findings as a Code Quality report of GitLab, which shows them beside the changes of a merge request.

use std::collections::BTreeMap;

use runbook_alerts::findings::{Finding, Severity};
use runbook_model::digest::Digest;
use serde_json::{Value, json};

use super::Checked;

pub(super) fn report(checked: &Checked) -> String {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let entries: Vec<_> = checked.findings.iter().map(|finding| entry(finding, &mut seen)).collect();
    format!("{:#}\n", Value::from(entries))
}

/// GitLab tells findings apart by their fingerprint and nothing else, and takes one that it has not seen in the target branch for a
/// new one: so it must not depend on a line, and two of the same must not have the same.
fn entry(finding: &Finding, seen: &mut BTreeMap<String, usize>) -> Value {
    let identity = finding.identity();
    let nth = seen.entry(identity.clone()).or_default();
    *nth += 1;
    let about = if finding.alert.is_empty() { String::new() } else { format!("{}: ", finding.alert) };
    let help = finding.help.as_ref().map(|help| format!(" ({help})")).unwrap_or_default();
    json!({
        "check_name": finding.kind.name(),
        "description": format!("{about}{}{help}", finding.message),
        "fingerprint": Digest::of_json(&(&identity, *nth)).to_string(),
        "severity": match finding.severity {
            Severity::Error => "major",
            Severity::Warning => "minor",
        },
        "location": {
            "path": finding.file.strip_prefix("./").unwrap_or(&finding.file),
            "lines": { "begin": finding.line },
        },
    })
}
