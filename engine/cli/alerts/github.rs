//! Findings as annotations of GitHub Actions. It shows ten errors and ten warnings of a step, so the worst come first, and one
//! line says how many there are.

use runbook_alerts::findings::Finding;

use super::Checked;
use super::json::level;
use crate::interchange::workflow::{data, property};

pub(super) fn annotations(checked: &Checked) -> String {
    let mut text: String = checked.findings.iter().map(annotation).collect();
    if !checked.findings.is_empty() {
        text.push_str(&format!(
            "::notice title=runbook alerts check::{}\n",
            data(checked.verdict().lines().next().unwrap_or_default())
        ));
    }
    text
}

fn annotation(finding: &Finding) -> String {
    let help = finding.help.as_ref().map(|help| format!("\n{help}")).unwrap_or_default();
    let about = if finding.alert.is_empty() { String::new() } else { format!("{}: ", finding.alert) };
    format!(
        "::{} file={},line={},col={},title={}::{}\n",
        level(finding.severity),
        property(&finding.file),
        finding.line,
        finding.column,
        finding.kind.name(),
        data(&format!("{about}{}{help}", finding.message))
    )
}
