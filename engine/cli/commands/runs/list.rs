//! The list, for people and for programs.

use jiff::Timestamp;
use runbook_model::entry::Mode;
use runbook_model::status::RunStatus;

use crate::history::RunLine;
use crate::output::screen::Screen;
use crate::output::style::Tone;
use crate::output::{elapsed, safe, table};

/// The list for people; one at work took until `now`.
#[must_use]
pub fn text(lines: &[RunLine], screen: Screen, now: Timestamp) -> String {
    if lines.is_empty() {
        return "No runs.\n".to_owned();
    }
    let heading = ["RUN", "STATE", "RUNBOOK", "ENV", "BY", "STARTED", "TOOK"];
    let rows = rows(lines, now, |at| at.strftime("%Y-%m-%d %H:%M:%SZ").to_string());
    // At a terminal of 80 columns that would be two lines for each run.
    if screen.marked && !table::fits(heading, &rows, screen) {
        return brief(lines, screen, now);
    }
    table::fitting(heading, &rows, screen)
}

/// The list for a screen that the whole one is too wide for: times to the minute, and with the year where there are several; and
/// no environments where nobody has one.
fn brief(lines: &[RunLine], screen: Screen, now: Timestamp) -> String {
    let year = |at: Timestamp| at.strftime("%Y").to_string();
    let one_year = lines.iter().all(|line| year(line.started) == year(now));
    let format = if one_year { "%m-%d %H:%MZ" } else { "%Y-%m-%d %H:%MZ" };
    let rows = rows(lines, now, |at| at.strftime(format).to_string());
    if lines.iter().any(|line| line.env.as_ref().is_some_and(|env| !env.is_empty())) {
        return table::fitting(["RUN", "STATE", "RUNBOOK", "ENV", "BY", "STARTED", "TOOK"], &rows, screen);
    }
    let rows: Vec<_> =
        rows.into_iter().map(|[run, state, runbook, _, by, started, took]| [run, state, runbook, by, started, took]).collect();
    table::fitting(["RUN", "STATE", "RUNBOOK", "BY", "STARTED", "TOOK"], &rows, screen)
}

fn rows(lines: &[RunLine], now: Timestamp, started: impl Fn(Timestamp) -> String) -> Vec<[(Tone, String); 7]> {
    let known = |text: Option<&str>| safe::line(text.filter(|text| !text.is_empty()).unwrap_or("-"));
    let row = |line: &RunLine| {
        let rehearsal = if line.mode == Mode::Rehearsal && line.word() != "rehearsed" { " (dry run)" } else { "" };
        [
            (Tone::Plain, line.run.to_string()),
            (tone(line), format!("{}{rehearsal}", line.word())),
            (Tone::Strong, known(Some(&line.runbook))),
            (Tone::Plain, known(line.env.as_deref())),
            (Tone::Plain, known(line.operator.as_deref())),
            (Tone::Faint, started(line.started)),
            (Tone::Faint, elapsed::short(line.millis(now))),
        ]
    };
    lines.iter().map(row).collect()
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
        let shown = text(std::slice::from_ref(&line), Screen::plain(200), line.last);
        assert!(shown.contains("rolled back  rollback-api  production  alice  2026-11-21 03:00:00Z  2.0s\n"), "{shown}");
        assert!(json_lines(std::slice::from_ref(&line)).contains(r#""status":"rolled_back""#));
        let unread = text(&[RunLine::unread(records[0].run)], Screen::plain(200), line.last);
        assert!(unread.contains("damaged  -        -    -   2026-11-21"), "{unread}");
    }

    #[test]
    fn at_a_terminal_of_80_columns_a_run_is_one_line_still() {
        let mut example = Example::live();
        let mut records = example.opening();
        records.push(example.record(Entry::SessionEnded { status: RunStatus::RolledBack }));
        let line = RunLine::of(&records, false).unwrap();
        let nowhere = RunLine { env: None, ..line.clone() };
        let screen = |width| Screen { marked: true, ..Screen::plain(width) };
        let shown = |line: &RunLine, width, now| text(std::slice::from_ref(line), screen(width), now);
        let id = line.run;
        let wanted = format!(
            "RUN                         STATE        RUNBOOK       BY     STARTED       TOOK\n\
             {id}  rolled back  rollback-api  alice  11-21 03:00Z  2.0s\n"
        );
        assert_eq!(shown(&nowhere, 80, line.last), wanted);
        assert!(shown(&line, 95, line.last).contains("production  alice  11-21 03:00Z  2.0s\n"));
        assert!(shown(&line, 200, line.last).contains("production  alice  2026-11-21 03:00:00Z  2.0s\n"));
        let later = line.last + jiff::SignedDuration::from_hours(24 * 60);
        assert!(shown(&nowhere, 80, later).contains("  2026-11-21 03:00Z  "));
    }

    #[test]
    fn the_time_of_a_run_at_work_goes_on() {
        let records = Example::live().opening();
        let line = RunLine::of(&records, true).unwrap();
        let later = line.last + jiff::SignedDuration::from_secs(100);
        let shown = |line: &RunLine| text(std::slice::from_ref(line), Screen::plain(200), later);
        assert!(shown(&line).contains("1m41s\n"), "{}", shown(&line));
        let died = RunLine::of(&records, false).unwrap();
        assert!(shown(&died).contains("1.0s\n"), "nobody works on it any more: {}", shown(&died));
    }
}
