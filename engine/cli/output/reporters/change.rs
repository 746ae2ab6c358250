//! A change as a rehearsal shows it: resolved, and with its way back.

use runbook_model::change::{Change, FileBefore, FileWrite, HttpCall, Invocation};
use runbook_model::entry::Intent;
use runbook_model::manner::{Manner, Reach, Terminal};
use runbook_model::secret::{self, Place};
use runbook_model::step::{Command, RollbackPlan};

use crate::output;
use crate::output::reporters::line::Detail;
use crate::output::reporters::spoken;
use crate::output::style::Tone;

/// A longer difference is cut here; the file itself says the rest.
const MOST_LINES: usize = 60;

/// Of what a program reads, so many lines are shown.
const MOST_INPUT: usize = 20;

/// What would happen: the change as it was found out, and as it was `written`.
#[must_use]
pub fn would(change: &Change, written: Option<&Change>) -> Vec<Detail> {
    match change {
        Change::Run(invocation) => run(invocation, written.and_then(program)),
        Change::Write(write) => file(write),
        Change::Restore(restore) => vec![text(format!("would put back: {}", restore.path))],
        Change::Http(call) => http(call),
    }
}

/// What would be owed then.
#[must_use]
pub fn owed(command: &Command, intent: &Intent) -> Detail {
    let lines: Vec<_> = intent.owes.iter().map(spoken::change).collect();
    match &command.rollback {
        _ if !lines.is_empty() => Detail::Text(Tone::Faint, format!("rollback: {}", lines.join("; then "))),
        RollbackPlan::Undeclared => Detail::Text(Tone::Warn, "rollback: none declared; this would stay".to_owned()),
        RollbackPlan::Nothing => Detail::Text(Tone::Faint, "rollback: nothing to do, says the runbook".to_owned()),
        RollbackPlan::Block => Detail::Text(Tone::Faint, "rollback: steps of the runbook".to_owned()),
        RollbackPlan::Restore => {
            let back = match &intent.change {
                Some(Change::Write(write)) if write.before == Some(FileBefore::Absent) => format!("remove {}", write.path),
                _ => "the file as it was".to_owned(),
            };
            Detail::Text(Tone::Faint, format!("rollback: {back}"))
        }
        RollbackPlan::Changes(changes) => {
            let lines: Vec<_> = changes.iter().map(spoken::change).collect();
            Detail::Text(Tone::Faint, format!("rollback: {}", lines.join("; then ")))
        }
    }
}

fn text(text: String) -> Detail {
    Detail::Text(Tone::Withheld, text)
}

/// The program of a change, as it stands there.
fn program(change: &Change) -> Option<&str> {
    match change {
        Change::Run(invocation) => invocation.argv.first().map(String::as_str),
        Change::Write(_) | Change::Restore(_) | Change::Http(_) => None,
    }
}

fn run(invocation: &Invocation, written: Option<&str>) -> Vec<Detail> {
    let (line, values) = spoken::run(invocation, written);
    let mut details = vec![text(format!("would run: {line}"))];
    details.extend(values.into_iter().map(|value| Detail::Text(Tone::Faint, format!("with {value}"))));
    if let Some(cwd) = &invocation.cwd {
        details.push(Detail::Text(Tone::Faint, format!("in {cwd}")));
    }
    for (name, value) in &invocation.env {
        details.push(Detail::Text(Tone::Faint, format!("with {name}={value}")));
    }
    for (name, content) in &invocation.env_files {
        details.push(Detail::Text(Tone::Faint, format!("with {name}=a file of {content}")));
    }
    if let Some(stdin) = &invocation.stdin {
        let secrets = invocation.secrets.iter().filter(|used| used.place == Place::Stdin);
        let marks: Vec<_> = secrets.map(|used| secret::mark(&used.name)).collect();
        let what = if marks.is_empty() { counted(stdin.len()) } else { marks.join(" and ") };
        details.push(Detail::Text(Tone::Faint, format!("reading {what}")));
        // What a shell or a database is told there is the change itself. Text around a secret stays out of sight with it.
        if marks.is_empty() {
            details.extend(input(stdin));
        }
    }
    details.extend(manner(&invocation.manner).map(|words| Detail::Text(Tone::Faint, words.to_owned())));
    details
}

/// What a program reads, as far as a person would.
fn input(stdin: &str) -> impl Iterator<Item = Detail> {
    let more = stdin.lines().count().saturating_sub(MOST_INPUT);
    let rest = (more > 0).then(|| format!("… {more} more lines"));
    let lines = stdin.lines().take(MOST_INPUT).map(|line| format!("< {line}"));
    lines.chain(rest).map(|line| Detail::Text(Tone::Faint, line))
}

/// What is unusual about the way in which a program is run.
fn manner(manner: &Manner) -> impl Iterator<Item = &'static str> {
    let terminal = manner.terminal.map(|terminal| match terminal {
        Terminal::Own => "at a terminal of its own",
        Terminal::Operators => "at your terminal, which it gets while it runs",
    });
    let stop = (manner.stop == Reach::Everything).then_some("a stop reaches everything that it starts");
    terminal.into_iter().chain(stop)
}

fn file(write: &FileWrite) -> Vec<Detail> {
    let mode = write.mode.map(|mode| format!(" (mode {mode:04o})")).unwrap_or_default();
    let (what, before) = match &write.before {
        Some(FileBefore::Absent) => ("would create", Some("")),
        Some(FileBefore::Present { content, .. }) => ("would write", content.as_str()),
        // Nobody can say here what changes: what stands there is as secret as what would be written.
        Some(FileBefore::Sealed { .. }) => ("would write over a file of secrets", Some("")),
        None => ("would write", None),
    };
    let mut details = vec![text(format!("{what}: {}{mode}", write.path))];
    match before {
        Some(before) if before == write.content => {
            details.push(Detail::Text(Tone::Faint, "its content is so already".to_owned()));
        }
        Some(before) => details.extend(difference(before, &write.content)),
        None => details.push(Detail::Text(Tone::Faint, format!("{} of text", counted(write.content.len())))),
    }
    details
}

fn http(call: &HttpCall) -> Vec<Detail> {
    let mut details = vec![text(format!("would send: {} {}", call.method, call.url))];
    if let Some(ca) = &call.ca {
        details.push(Detail::Text(Tone::Faint, format!("to whom the authorities in {ca} vouch for")));
    }
    for (name, value) in &call.headers {
        details.push(Detail::Text(Tone::Faint, format!("{name}: {}", secret::header(name, value))));
    }
    if let Some(json) = &call.json {
        details.push(Detail::Text(Tone::Faint, format!("body: {json}")));
    } else if let Some(body) = &call.body {
        details.push(Detail::Text(Tone::Faint, format!("body: {body}")));
    }
    details
}

/// Two texts line by line.
#[must_use]
pub fn difference(before: &str, after: &str) -> Vec<Detail> {
    let lines = output::difference::difference(before, after, MOST_LINES).into_iter();
    let detail = |(sign, line): (char, String)| match sign {
        '-' => Detail::Text(Tone::Bad, format!("- {line}")),
        '+' => Detail::Text(Tone::Good, format!("+ {line}")),
        '…' if line.is_empty() => Detail::Text(Tone::Faint, "  …".to_owned()),
        sign => Detail::Text(Tone::Faint, format!("{sign} {line}")),
    };
    lines.map(detail).collect()
}

fn counted(bytes: usize) -> String {
    if bytes == 1 { "1 byte".to_owned() } else { format!("{bytes} bytes") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(details: &[Detail]) -> Vec<&str> {
        let mut texts = Vec::new();
        for detail in details {
            match detail {
                Detail::Text(_, text) => texts.push(text.as_str()),
                Detail::Output(_) | Detail::Stream(_) => panic!("a difference has no output"),
            }
        }
        texts
    }

    #[test]
    fn a_difference_shows_what_changes_with_context() {
        let before: String = (1..=20).map(|n| format!("line {n}\n")).collect();
        let after = before.replace("line 10\n", "line ten\n");
        let details = difference(&before, &after);
        assert_eq!(
            shown(&details),
            ["  line 7", "  line 8", "  line 9", "- line 10", "+ line ten", "  line 11", "  line 12", "  line 13"]
        );
    }

    #[test]
    fn a_long_difference_is_cut_and_says_so() {
        let after: String = (0..200).map(|n| format!("{n}\n")).collect();
        let details = difference("", &after);
        assert_eq!((details.len(), shown(&details)[MOST_LINES]), (MOST_LINES + 1, "… 140 more lines"));
    }
}
