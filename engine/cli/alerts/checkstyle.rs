//! Findings as Checkstyle XML, which reviewers' tools read.

use std::collections::BTreeMap;

use runbook_alerts::findings::Finding;

use super::Checked;
use super::json::level;
use crate::interchange::xml::escaped;

pub(super) fn document(checked: &Checked) -> String {
    let mut files: BTreeMap<&str, Vec<&Finding>> = BTreeMap::new();
    for finding in &checked.findings {
        files.entry(&finding.file).or_default().push(finding);
    }
    let mut xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<checkstyle version=\"8.0\">\n".to_owned();
    for (file, found) in files {
        xml.push_str(&format!("  <file name=\"{}\">\n", escaped(file)));
        xml.extend(found.into_iter().map(error));
        xml.push_str("  </file>\n");
    }
    xml.push_str("</checkstyle>\n");
    xml
}

fn error(finding: &Finding) -> String {
    let about = if finding.alert.is_empty() { String::new() } else { format!("{}: ", finding.alert) };
    let help = finding.help.as_ref().map(|help| format!(" ({help})")).unwrap_or_default();
    format!(
        "    <error line=\"{}\" column=\"{}\" severity=\"{}\" source=\"runbook.alerts.{}\" message=\"{}\"/>\n",
        finding.line,
        finding.column,
        level(finding.severity),
        finding.kind.name(),
        // A line break in an attribute is read back as a space; one that is written so stays what it was.
        escaped(&format!("{about}{}{help}", finding.message)).replace('\n', "&#10;")
    )
}
