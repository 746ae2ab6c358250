//! Findings as JUnit XML, which build servers read: a file is a suite, an alert a test, and an error fails it.
//!
//! What nothing is wrong with stands there as well: a report without passed tests looks like one that never ran.

use std::collections::BTreeMap;

use runbook_alerts::findings::{Finding, Severity};

use super::Checked;
use crate::interchange::xml::escaped;

/// A warning fails no test, and no reader of this format knows warnings: it is what the test printed.
pub(super) fn document(checked: &Checked) -> String {
    let mut suites: BTreeMap<&str, BTreeMap<&str, Vec<&Finding>>> = BTreeMap::new();
    for (file, alert) in &checked.judged {
        suites.entry(file).or_default().entry(alert).or_default();
    }
    for finding in &checked.findings {
        // What is about no alert is about the file.
        let case = if finding.alert.is_empty() { finding.kind.name() } else { finding.alert.as_str() };
        suites.entry(&finding.file).or_default().entry(case).or_default().push(finding);
    }
    let fails = |found: &&Vec<&Finding>| found.iter().any(|finding| finding.severity == Severity::Error);
    let failures = |cases: &BTreeMap<&str, Vec<&Finding>>| cases.values().filter(fails).count();
    let (tests, failed) = (suites.values().map(BTreeMap::len).sum::<usize>(), suites.values().map(failures).sum::<usize>());
    let mut xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"runbook alerts check\" tests=\"{tests}\" failures=\"{failed}\">\n"
    );
    for (file, cases) in &suites {
        let name = escaped(file);
        let head = format!("  <testsuite name=\"{name}\" tests=\"{}\" failures=\"{}\">\n", cases.len(), failures(cases));
        xml.push_str(&head);
        for (case, found) in cases {
            xml.push_str(&test(&name, case, found));
        }
        xml.push_str("  </testsuite>\n");
    }
    xml.push_str("</testsuites>\n");
    xml
}

fn test(suite: &str, name: &str, found: &[&Finding]) -> String {
    let head = format!("    <testcase classname=\"{suite}\" name=\"{}\"", escaped(name));
    if found.is_empty() {
        return format!("{head}/>\n");
    }
    let said = |severity: Severity| {
        let lines = found.iter().filter(|finding| finding.severity == severity).map(|finding| {
            let help = finding.help.as_ref().map(|help| format!("\n    {help}")).unwrap_or_default();
            format!("{}:{}:{}: [{}] {}{help}\n", finding.file, finding.line, finding.column, finding.kind.name(), finding.message)
        });
        escaped(&lines.collect::<String>())
    };
    let mut inner = String::new();
    if let Some(first) = found.iter().find(|finding| finding.severity == Severity::Error) {
        let (kind, message) = (first.kind.name(), escaped(&first.message));
        inner.push_str(&format!("      <failure type=\"{kind}\" message=\"{message}\">{}</failure>\n", said(Severity::Error)));
    }
    if found.iter().any(|finding| finding.severity == Severity::Warning) {
        inner.push_str(&format!("      <system-out>{}</system-out>\n", said(Severity::Warning)));
    }
    format!("{head}>\n{inner}    </testcase>\n")
}
