//! Tests and the undisturbed run, told.

use runbook_runtime::script::testing::Tested;
use runbook_runtime::script::{Coverage, Missed};
use runbook_runtime::sweep::Baseline;
use serde_json::json;

use crate::output::Format;
use crate::output::elapsed;
use crate::output::safe::{self, Colours};
use crate::output::style::{Palette, Tone};

/// The undisturbed run and its rollback, change by change: for a runbook without tests.
#[must_use]
pub fn undisturbed(runbook: &str, baseline: &Baseline, format: Format) -> String {
    let (status, changes, rolled_back) = (baseline.status().word(), baseline.changes(), baseline.rolled_back());
    if format == Format::Json {
        let line = json!({ "v": 1, "runbook": runbook, "status": status, "changes": changes, "rolled_back": rolled_back });
        return format!("{line}\n");
    }
    let list = |lines: &[String]| lines.iter().map(|line| format!("  {}\n", safe::line(line))).collect::<String>();
    let why = safe::line(&baseline.because());
    let mut text = format!("{}: {status}{why}; {}\n{}", safe::line(runbook), counted(changes.len(), "change"), list(&changes));
    text.push_str(&format!("its rollback: {}\n{}", counted(rolled_back.len(), "change"), list(&rolled_back)));
    text
}

/// So many of a thing.
#[must_use]
pub fn counted(number: usize, one: &str) -> String {
    match number {
        1 => format!("1 {one}"),
        number if one.ends_with("ch") => format!("{number} {one}es"),
        number => format!("{number} {one}s"),
    }
}

/// Every test of a runbook, with what is wrong below it.
#[must_use]
pub fn performed(runbook: &str, tested: &[Tested], format: Format, palette: Palette) -> String {
    if format == Format::Json {
        let line = |one: &Tested| {
            let line = json!({
                "v": 1, "runbook": runbook, "test": one.name, "ok": one.wrong.is_none(), "millis": one.millis, "at": one.at, "printed": one.printed,
                "diagnostics": one.wrong.as_ref().map(|wrong| &wrong.all),
            });
            format!("{line}\n")
        };
        return tested.iter().map(line).collect();
    }
    let mut text = format!("{}\n", palette.paint(Tone::Strong, &safe::line(runbook)));
    for one in tested {
        let (mark, tone) = if one.wrong.is_none() { ("✓", Tone::Good) } else { ("✗", Tone::Bad) };
        let took = palette.paint(Tone::Faint, &elapsed::short(one.millis));
        text.push_str(&format!("  {} {}  {took}\n", palette.paint(tone, mark), safe::line(&one.name)));
        for line in one.printed.iter().flat_map(|printed| printed.lines()) {
            text.push_str(&format!("    {}\n", safe::line(line)));
        }
        if let Some(wrong) = &one.wrong {
            let colours = if palette.is_coloured() { Colours::Kept } else { Colours::Dropped };
            text.push_str(&format!("{}\n", safe::block(wrong.render(palette.is_coloured()).trim_end().as_bytes(), colours)));
        }
    }
    text
}

/// What the tests of a runbook came by, and what they did not.
#[must_use]
pub fn covered(runbook: &str, coverage: &Coverage, format: Format, palette: Palette) -> String {
    if format == Format::Json {
        return format!("{}\n", json!({ "v": 1, "runbook": runbook, "coverage": coverage }));
    }
    let of = |missed: &[Missed], all: usize, one: &str| format!("{} of {}", all - missed.len(), counted(all, one));
    let steps = of(&coverage.missed_steps, coverage.steps, "step");
    let branches = of(&coverage.missed_branches, coverage.branches, "branch");
    let mut text = format!("  performed: {steps}, {branches}\n");
    for (missed, never) in [(&coverage.missed_steps, "never ran"), (&coverage.missed_branches, "never taken")] {
        for Missed { span, what } in missed {
            let line = format!("    {}:{}:{}  {what} {never}", span.file, span.line, span.column);
            text.push_str(&format!("{}\n", palette.paint(Tone::Faint, &safe::line(&line))));
        }
    }
    text
}
