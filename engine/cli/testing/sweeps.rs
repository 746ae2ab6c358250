//! The sweeps by their names, and what came of them, told.

use runbook_runtime::sweep::{Baseline, Subject, Swept, Violation, crash_matrix, fail_each_step, repeat_each_step};
use serde_json::json;

use crate::output::style::{Palette, Tone};
use crate::output::{safe, table};

/// Disturbs a runbook at every place of one kind.
pub type Sweep = fn(&Subject, &Baseline) -> Result<Swept, std::io::Error>;

/// Every sweep, with its name.
pub const SWEEPS: [(&str, Sweep); 3] =
    [("fail each step", fail_each_step), ("repeat each step", repeat_each_step), ("crash matrix", crash_matrix)];

/// What came of one sweep over one runbook.
#[derive(Debug)]
pub struct Row {
    /// The runbook.
    pub runbook: String,
    /// The name of the sweep.
    pub sweep: &'static str,
    /// What came of it.
    pub swept: Swept,
}

/// A table for people.
#[must_use]
pub fn shown(rows: &[Row], palette: Palette) -> String {
    let cells: Vec<_> = rows
        .iter()
        .map(|Row { runbook, sweep, swept }| {
            let violations = swept.violations.len();
            let tone = if violations == 0 { Tone::Good } else { Tone::Bad };
            [
                (Tone::Strong, safe::line(runbook)),
                (Tone::Plain, (*sweep).to_owned()),
                (Tone::Plain, swept.boundaries.to_string()),
                (Tone::Plain, swept.in_doubt.to_string()),
                (tone, violations.to_string()),
            ]
        })
        .collect();
    table::columns(["RUNBOOK", "SWEEP", "RUNS", "IN DOUBT", "VIOLATIONS"], &cells, palette)
}

/// A line for programs.
#[must_use]
pub fn json_line(row: &Row) -> String {
    let violations: Vec<_> = row
        .swept
        .violations
        .iter()
        .map(|Violation { disturbed, why, expected, found }| {
            json!({ "disturbed": disturbed, "why": why, "expected": expected, "found": found })
        })
        .collect();
    let (runs, in_doubt) = (row.swept.boundaries, row.swept.in_doubt);
    let line = json!({
        "v": 1, "runbook": row.runbook, "sweep": row.sweep, "runs": runs, "in_doubt": in_doubt, "violations": violations,
    });
    format!("{line}\n")
}

/// The first run that did what must not be: what was done to it, what is wrong, and the changes side by side.
#[must_use]
pub fn drawn(row: &Row, violation: &Violation, palette: Palette) -> String {
    let lines = |lines: &[String]| lines.iter().map(|line| format!("{}\n", safe::line(line))).collect::<String>();
    let (expected, found) = (lines(&violation.expected), lines(&violation.found));
    let diff = similar::TextDiff::from_lines(&expected, &found);
    let mut text = format!(
        "\n{} {} ({}): {}\n  when {}\n",
        palette.paint(Tone::Bad, "violation:"),
        safe::line(&row.runbook),
        row.sweep,
        safe::line(&violation.why),
        safe::line(&violation.disturbed),
    );
    for change in diff.iter_all_changes() {
        let (mark, tone) = match change.tag() {
            similar::ChangeTag::Delete => ("- expected  ", Tone::Good),
            similar::ChangeTag::Insert => ("+ found     ", Tone::Bad),
            similar::ChangeTag::Equal => ("            ", Tone::Plain),
        };
        text.push_str(&format!("  {}\n", palette.paint(tone, &format!("{mark}{}", change.value().trim_end()))));
    }
    text
}
