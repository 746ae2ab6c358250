//! Sections that are no part of the command line's definition. What they say stands in the reference, too, and is read from
//! there.

use clap::Command;
use clap_mangen::roff::{Inline, Roff, bold, italic, roman};

use crate::commands::arguments;
use crate::exit_code::ExitCode;

const CONFIGURATION: &str = include_str!("../../../../docs/src/reference/configuration.md");
const EXAMPLES: &str = include_str!("../../../../docs/src/reference/examples.md");

/// A term, and what it means.
fn entry(roff: &mut Roff, term: Inline, meaning: &str) {
    roff.control("TP", []).text([term]).text([roman(meaning)]);
}

/// The verbs in their groups.
pub(super) fn verbs(command: &Command) -> Roff {
    let mut roff = Roff::new();
    roff.control("SH", ["VERBS"]);
    for (group, verbs) in arguments::GROUPS {
        roff.control("SS", [group]);
        for verb in verbs.iter().filter_map(|name| command.find_subcommand(name)) {
            let about = verb.get_about().map(ToString::to_string).unwrap_or_default();
            entry(&mut roff, bold(verb.get_name()), &about);
        }
    }
    roff
}

/// The examples of a verb: prose and commands, as the page of the reference has them.
pub(super) fn examples(verb: &str) -> Roff {
    let mut roff = Roff::new();
    roff.control("SH", ["EXAMPLES"]);
    let mut typed = false;
    for line in section(verb) {
        match line {
            fence if fence.starts_with("```") => {
                typed = !typed;
                roff.control(if typed { "EX" } else { "EE" }, []);
            }
            "" => {
                roff.control("PP", []);
            }
            line => {
                roff.text([roman(line)]);
            }
        }
    }
    roff
}

/// The lines below a heading of the page of examples, without empty ones at the ends.
fn section(verb: &str) -> Vec<&'static str> {
    let heading = format!("## {verb}");
    let lines = EXAMPLES.lines().skip_while(|line| *line != heading).skip(1).take_while(|line| !line.starts_with("## "));
    let mut lines: Vec<_> = lines.skip_while(|line| line.is_empty()).collect();
    while lines.last().is_some_and(|line| line.is_empty()) {
        lines.pop();
    }
    lines
}

/// What the number at the end means.
pub(super) fn exit_status() -> Roff {
    let mut roff = Roff::new();
    roff.control("SH", ["EXIT STATUS"]);
    for code in ExitCode::ALL {
        entry(&mut roff, bold(code.number().to_string()), code.meaning());
    }
    roff
}

/// The variables of the table of configuration.
pub(super) fn environment() -> Roff {
    let mut roff = Roff::new();
    roff.control("SH", ["ENVIRONMENT"]);
    entry(&mut roff, bold("RUNBOOK_ROOT"), "the root of the runbook repository, as --root");
    for (variable, meaning) in variables() {
        entry(&mut roff, bold(variable), &meaning);
    }
    entry(&mut roff, bold("NO_COLOR"), "no colours, unless --color asks for them");
    roff
}

/// Each variable of the table, with its meaning.
fn variables() -> Vec<(&'static str, String)> {
    let rows = CONFIGURATION.lines().filter_map(|line| line.strip_prefix('|')?.strip_suffix('|'));
    rows.filter_map(|row| {
        let mut cells = row.split(" | ");
        let variable = cells.nth(1)?.trim().trim_start_matches('|').trim().strip_prefix('`')?.split('`').next()?;
        Some((variable, without_links(cells.last()?.trim())))
    })
    .collect()
}

/// A cell of Markdown with the texts of its links only.
fn without_links(cell: &str) -> String {
    let mut plain = String::new();
    let mut rest = cell;
    while let Some((before, link)) = rest.split_once('[') {
        let Some((text, (_, after))) = link.split_once("](").and_then(|(text, to)| Some((text, to.split_once(')')?))) else {
            break;
        };
        plain.extend([before, text]);
        rest = after;
    }
    plain.push_str(rest);
    plain
}

/// What it reads and writes.
pub(super) fn files() -> Roff {
    let mut roff = Roff::new();
    roff.control("SH", ["FILES"]);
    for (file, meaning) in FILES {
        entry(&mut roff, italic(file), meaning);
    }
    roff
}

const FILES: [(&str, &str); 6] = [
    ("runbook.toml", "the configuration, at the root of the runbook repository"),
    ("~/.config/runbook/config.toml", "the user's own configuration"),
    ("runbooks/NAME.rhai", "a runbook; NAME.test.rhai beside it holds its tests"),
    (".runbook/runs/RUN/journal.jsonl", "the journal of a run: one record a line"),
    (".runbook/runs/RUN/output/", "what its commands said"),
    (".runbook/audit.git", "the audit trail, a bare git repository"),
];

/// The other pages: of the program, and of the verbs of the same group.
pub(super) fn see_also(verbs: &[&str]) -> Roff {
    let mut others = Vec::new();
    match verbs {
        [] => others.extend(arguments::GROUPS.iter().flat_map(|(_, verbs)| verbs.iter().map(|it| format!("runbook-{it}")))),
        [verb, part @ ..] => {
            others.push("runbook".to_owned());
            if !part.is_empty() {
                others.push(format!("runbook-{verb}"));
            }
            let group = arguments::GROUPS.iter().find(|(_, verbs)| verbs.contains(verb));
            let near = group.iter().flat_map(|(_, verbs)| verbs.iter()).filter(|it| *it != verb);
            others.extend(near.map(|it| format!("runbook-{it}")));
        }
    }
    let mut line = Vec::new();
    for (at, page) in others.iter().enumerate() {
        line.extend([bold(page), roman(if at + 1 < others.len() { "(1), " } else { "(1)" })]);
    }
    let mut roff = Roff::new();
    roff.control("SH", ["SEE ALSO"]).text(line);
    roff
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_verb_has_examples_that_name_it_and_no_other_has() {
        let verbs: Vec<_> = arguments::GROUPS.iter().flat_map(|(_, verbs)| verbs.iter().copied()).collect();
        for verb in &verbs {
            let typed = format!("runbook {verb}");
            assert!(section(verb).iter().any(|line| line.contains(&typed)), "no example of `{typed}`");
        }
        let typed = EXAMPLES.lines().filter_map(|line| line.strip_prefix("$ runbook "));
        for typed in typed.map(|line| line.split(" | ").next().unwrap_or(line)) {
            let words = shlex::split(typed).unwrap();
            let read = arguments::command().try_get_matches_from(std::iter::once("runbook".to_owned()).chain(words));
            assert!(read.is_ok(), "`runbook {typed}`: {}", read.unwrap_err());
        }
        let headings: Vec<_> = EXAMPLES.lines().filter_map(|line| line.strip_prefix("## ")).collect();
        assert_eq!(headings[0], "runbook");
        assert_eq!(headings[1..], verbs);
    }

    #[test]
    fn every_variable_that_the_program_reads_is_named() {
        let names: Vec<_> = variables().into_iter().map(|(name, _)| name).collect();
        for wanted in
            ["RUNBOOK_STATE_DIR", "RUNBOOK_RUNBOOKS", "RUNBOOK_SSH_CONFIG", "RUNBOOK_LOG", "RUNBOOK_LOG_FILE", "RUNBOOK_ENV"]
        {
            assert!(names.contains(&wanted), "{names:?}");
        }
        assert_eq!(without_links("for [two](a.md) and `x`"), "for two and `x`");
    }
}
