//! The list, for people and for programs.

use runbook_model::entry::Mode;
use runbook_model::status::RunStatus;

use crate::history::RunLine;
use crate::output::style::{Palette, Tone};
use crate::output::{elapsed, safe, table};

/// The list for people.
#[must_use]
pub fn text(lines: &[RunLine], palette: Palette) -> String {
    if lines.is_empty() {
        return "No runs.\n".to_owned();
    }
    let known = |text: Option<&str>| safe::line(text.filter(|text| !text.is_empty()).unwrap_or("-"));
    let rows: Vec<_> = lines
        .iter()
        .map(|line| {
            let rehearsal = if line.mode == Mode::Rehearsal && line.word() != "rehearsed" { " (dry run)" } else { "" };
            [
                (Tone::Plain, line.run.to_string()),
                (tone(line), format!("{}{rehearsal}", line.word())),
                (Tone::Strong, known(Some(&line.runbook))),
                (Tone::Plain, known(line.env.as_deref())),
                (Tone::Plain, known(line.operator.as_deref())),
                (Tone::Faint, line.started.strftime("%Y-%m-%d %H:%M:%SZ").to_string()),
                (Tone::Faint, elapsed::short(line.millis())),
            ]
        })
        .collect();
    table::columns(["RUN", "STATE", "RUNBOOK", "ENV", "BY", "STARTED", "TOOK"], &rows, palette)
}

/// The list for programs: one JSON object a line.
#[must_use]
pub fn json_lines(lines: &[RunLine]) -> String {
    lines.iter().filter_map(|line| serde_json::to_string(line).ok()).map(|line| line + "\n").collect()
}

fn tone(line: &RunLine) -> Tone {
    match line.status {
        _ if line.died || line.damaged => Tone::Bad,
        RunStatus::Completed => Tone::Good,
        RunStatus::RolledBack | RunStatus::RollingBack => Tone::Back,
        RunStatus::Failed { .. } | RunStatus::Stuck { .. } | RunStatus::Mismatch { .. } => Tone::Bad,
        RunStatus::Rehearsed { .. } => Tone::Withheld,
        RunStatus::Abandoned { .. } => Tone::Faint,
        _ => Tone::Warn,
    }
}

#[cfg(test)]
mod tests {
    use runbook_model::entry::Entry;

    use super::*;
    use crate::output::reporters::example::Example;

    #[test]
    fn a_run_is_told_in_one_line() {
        let mut example = Example::live();
        let mut records = example.opening();
        records.push(example.record(Entry::SessionEnded { status: RunStatus::RolledBack }));
        let line = RunLine::of(&records, false).unwrap();
        let shown = text(std::slice::from_ref(&line), Palette::plain());
        assert!(shown.contains("rolled back  rollback-api  production  alice  2026-11-21 03:00:00Z  2.0s\n"), "{shown}");
        assert!(json_lines(&[line]).contains(r#""status":"rolled_back""#));
        let unread = text(&[RunLine::unread(records[0].run)], Palette::plain());
        assert!(unread.contains("damaged  -        -    -   2026-11-21"), "{unread}");
    }
}
