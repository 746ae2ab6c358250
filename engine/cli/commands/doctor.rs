//! `runbook doctor`: whether this machine and this account can keep the promises of a run.

use serde_json::json;
use unicode_width::UnicodeWidthStr as _;

use crate::doctor::{Finding, Standing, examine};
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::globals::Globals;
use crate::output::Format;
use crate::output::screen::{Screen, on_stdout};
use crate::output::style::Tone;
use crate::output::{self, safe};
use crate::place::Place;
use crate::workplace::Workplace;

/// Say whether runs can be relied on here: programs, kernel, clock, disk, keys, login
///
/// One line for each: `ok`, `warning` when a promise is weaker here, `missing` when something that is needed cannot be used, with
/// the way out below. Ends with 2 when anything is missing, else with 0. A key that is named signs once; otherwise nothing is
/// made, written or repaired, and no secret is fetched.
#[derive(Debug, clap::Args)]
pub struct Doctor {}

/// On a narrower screen what is said stands below the thing.
const NARROW: usize = 60;
const INDENT: &str = "    ";

/// Examines, and prints what was found.
///
/// # Errors
/// Standard output cannot take it.
pub fn run(globals: &Globals) -> Result<ExitCode, Failure> {
    let workplace = Place::of(globals).map(|place| Workplace { globals, place });
    let findings = examine(workplace.as_ref());
    output::to_stdout(&match globals.output {
        Format::Json => findings.iter().map(json_line).collect(),
        Format::Text => text(&findings, on_stdout(globals.color)),
    })?;
    let missing = findings.iter().any(|finding| finding.standing == Standing::Missing);
    Ok(if missing { ExitCode::NothingRun } else { ExitCode::Completed })
}

fn json_line(finding: &Finding) -> String {
    let Finding { about, standing, says, way_out } = finding;
    format!("{}\n", json!({ "v": 1, "about": about, "standing": standing, "says": says, "way_out": way_out }))
}

fn text(findings: &[Finding], screen: Screen) -> String {
    let palette = screen.palette;
    let narrow = screen.width < NARROW;
    let width = findings.iter().map(|finding| safe::line(&finding.about).width()).max().unwrap_or(0);
    let mut text = String::new();
    for finding in findings {
        let tone = match finding.standing {
            Standing::Ok => Tone::Good,
            Standing::Warning => Tone::Warn,
            Standing::Missing => Tone::Bad,
        };
        let about = safe::line(&finding.about);
        let gap = " ".repeat(width - about.width());
        let word = palette.paint(tone, &format!("{:<7}", finding.standing.word()));
        let (before, indent) =
            if narrow { (format!("{about}\n{INDENT}"), INDENT.len()) } else { (format!("{about}{gap}  "), 11 + width) };
        text.push_str(&format!("{word}  {before}{}\n", safe::line(&finding.says)));
        if let Some(way_out) = &finding.way_out {
            text.push_str(&format!("{}→ {}\n", " ".repeat(indent), safe::line(way_out)));
        }
    }
    let count = |standing| findings.iter().filter(|finding| finding.standing == standing).count();
    let (ok, warning, missing) = (count(Standing::Ok), count(Standing::Warning), count(Standing::Missing));
    text.push_str(&format!("{ok} ok, {warning} warning, {missing} missing\n"));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_each_and_what_is_said_cannot_move_the_cursor() {
        let finding = |about: &str, standing, way_out: Option<&str>| Finding {
            about: about.to_owned(),
            standing,
            says: "seen\u{1b}[2J".to_owned(),
            way_out: way_out.map(str::to_owned),
        };
        let findings = [finding("git", Standing::Ok, None), finding("clock", Standing::Missing, Some("set it"))];
        assert_eq!(
            text(&findings, Screen::plain(80)),
            "ok       git    seen␛[2J\nmissing  clock  seen␛[2J\n                → set it\n1 ok, 0 warning, 1 missing\n"
        );
        assert_eq!(
            text(&findings, Screen::plain(40)),
            "ok       git\n    seen␛[2J\nmissing  clock\n    seen␛[2J\n    → set it\n1 ok, 0 warning, 1 missing\n"
        );
    }
}
