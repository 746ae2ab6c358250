//! Findings for people.

use runbook_alerts::findings::Severity;

use super::Checked;
use crate::output::safe;
use crate::output::style::{Palette, Tone};

pub(super) fn findings(checked: &Checked, palette: Palette) -> String {
    let mut text = String::new();
    for finding in &checked.findings {
        let severity = match finding.severity {
            Severity::Error => palette.paint(Tone::Bad, "error"),
            Severity::Warning => palette.paint(Tone::Warn, "warning"),
        };
        let place = safe::line(&format!("{}:{}:{}", finding.file, finding.line, finding.column));
        let about = if finding.alert.is_empty() { String::new() } else { format!("{}: ", safe::line(&finding.alert)) };
        text.push_str(&format!("{severity}[{}] {place}: {about}{}\n", finding.kind.name(), safe::line(&finding.message)));
        if let Some(help) = &finding.help {
            text.push_str(&format!("    {}\n", safe::line(help)));
        }
    }
    for skipped in &checked.skipped {
        text.push_str(&format!("skipped {}\n", safe::line(skipped)));
    }
    text
}

pub(super) fn verdict(checked: &Checked) -> String {
    let counted = |n: usize, one: &str| if n == 1 { format!("1 {one}") } else { format!("{n} {one}s") };
    let mut parts = vec![
        format!("{} read", counted(checked.files.len(), "file")),
        format!("{}, {} with a link", counted(checked.judged.len(), "alert"), checked.linked),
        counted(checked.count(Severity::Error), "error"),
        counted(checked.count(Severity::Warning), "warning"),
    ];
    if checked.before > 0 {
        parts.push(format!("{} known before", checked.before));
    }
    let next = if checked.count(Severity::Error) > 0 { "next: runbook explain RB0042\n" } else { "" };
    format!("{}\n{next}", parts.join(", "))
}
