//! What there is to say of a run that has not come to an end, beyond its records: who is at work on it, or that nobody is.

use jiff::Timestamp;
use runbook_model::account::{Account, Standing, StepAccount};
use runbook_model::change::quoted;
use runbook_model::entry::{Mode, Purpose};
use runbook_model::step::{Command, StepKind};
use runbook_runtime::journal::Held;

use crate::globals::Globals;
use crate::output::screen::Screen;
use crate::output::style::Tone;
use crate::output::{elapsed, safe};

/// What was seen of a run beside its records.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen<'a> {
    /// Who works on it.
    pub(super) held: Option<&'a Held>,
    /// The journal cannot be read to its end.
    pub(super) damaged: bool,
    /// The journal ends with half a record.
    pub(super) torn: bool,
}

/// What is to be read below the story; empty when the story says it all.
pub(super) fn standing(account: &Account, seen: &Seen<'_>, globals: &Globals, screen: Screen) -> String {
    let palette = screen.palette;
    let mut text = String::new();
    if seen.torn && seen.held.is_none() {
        let note = "the last record broke off while it was written and is not read: nothing was run after it";
        text.push_str(&format!("{} {note}\n", palette.paint(Tone::Faint, if screen.unicode { "·" } else { "." })));
    }
    if seen.damaged {
        return text;
    }
    let run = account.run;
    let mut next = Vec::new();
    match (seen.held, account.open_session()) {
        (Some(held), _) => {
            let who = held.holder.as_ref().map_or_else(|| "somebody".to_owned(), ToString::to_string);
            let mark = palette.paint(Tone::Strong, if screen.unicode { "▸" } else { ">" });
            text.push_str(&format!("\n{mark} {} {}\n", palette.paint(Tone::Strong, "at work:"), safe::line(&who)));
            text.push_str(&in_flight(account, true, screen));
            next.push((format!("show {run} --follow"), "watch it"));
        }
        (None, Some(sitting)) => {
            let mark = palette.paint(Tone::Bad, if screen.unicode { "✗" } else { "X" });
            let title = format!("{} died", account.started.runbook);
            let ago = elapsed::short(since(account.last_at));
            text.push_str(&format!("\n{mark} {}\n", palette.paint(Tone::Bad, &safe::line(&title))));
            let person = &sitting.session.operator;
            let who = format!(
                "process {} of {}@{} ({}) wrote its last record at {:.0}, {ago} ago, and nobody is at work on the run",
                sitting.session.pid,
                person.name,
                person.host,
                verb(sitting.session.purpose),
                account.last_at,
            );
            text.push_str(&format!("    {}\n", safe::line(&who)));
            text.push_str(&in_flight(account, false, screen));
            next.extend(after_death(account));
        }
        // The session was closed properly: its last lines say what to type.
        (None, None) => {}
    }
    let arrow = palette.paint(Tone::Strong, if screen.unicode { "→" } else { "next:" });
    for (command, what_for) in next {
        let command = palette.paint(Tone::Strong, &safe::line(&globals.typed(&command)));
        text.push_str(&format!("{arrow} {command}  {}\n", palette.paint(Tone::Faint, what_for)));
    }
    text
}

/// What to type about a run whose process died.
fn after_death(account: &Account) -> Vec<(String, &'static str)> {
    let run = account.run;
    if account.started.mode == Mode::Rehearsal {
        return vec![(format!("exec {} --dry-run", quoted(&account.started.runbook)), "rehearse it again: it changed nothing")];
    }
    if account.rollback.is_some() {
        return vec![(format!("resume {run}"), "go on rolling back")];
    }
    let mut next = vec![(format!("resume {run}"), "go on: what was in flight is found out about first")];
    if !account.owing.is_empty() || account.steps.iter().any(|step| step.standing == Standing::InFlight) {
        next.push((format!("rollback {run}"), "take back what was done"));
    }
    next
}

/// The steps that have begun and not ended.
fn in_flight(account: &Account, alive: bool, screen: Screen) -> String {
    let mut text = String::new();
    let open = |step: &&StepAccount| matches!(step.standing, Standing::InFlight | Standing::Waiting);
    for step in account.steps.iter().filter(open) {
        let Some(attempt) = step.last() else { continue };
        let path = safe::line(&step.path.told());
        let since = format!("since {:.0}, {}", attempt.began, elapsed::short(since(attempt.began)));
        let head = match (step.standing, alive) {
            (Standing::Waiting, _) => format!("waits for an answer to `{path}` {since}"),
            (_, true) => format!("{} `{path}` {since}", step.kind),
            (_, false) => format!("in flight: {} `{path}`, attempt {}, {since}", step.kind, attempt.intent.attempt),
        };
        let tone = if alive { Tone::Plain } else { Tone::Warn };
        text.push_str(&format!("    {}\n", screen.palette.paint(tone, &head)));
        if let (false, StepKind::Command(command)) = (alive, &attempt.intent.spec.kind) {
            let change = attempt.intent.change.as_ref().unwrap_or(&command.change);
            text.push_str(&format!("      {}\n", screen.palette.paint(Tone::Faint, &safe::line(&change.line()))));
            text.push_str(&format!(
                "      {}\n",
                screen.palette.paint(Tone::Faint, settled_how(command, step.path.is_rollback()))
            ));
        }
    }
    text
}

/// What will be done about a command whose end nobody wrote down.
fn settled_how(command: &Command, back: bool) -> &'static str {
    match (command.settled_by, command.idempotent) {
        (true, _) => {
            "its end was not written down; the keeper may know it, else its `settled_by` check tells whether it took effect"
        }
        (false, true) if !back => "its end was not written down; the keeper may know it, else it runs again: it is idempotent",
        _ => "its end was not written down; the keeper may know it, else it is in doubt and you are asked whether it took effect",
    }
}

fn verb(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Exec => "`runbook exec`",
        Purpose::Resume => "`runbook resume`",
        Purpose::Rollback => "`runbook rollback`",
        Purpose::Resolve => "`runbook resolve`",
        Purpose::Answer => "`runbook answer`",
        Purpose::Abandon => "`runbook abandon`",
        Purpose::Review => "`runbook review`",
    }
}

fn since(at: Timestamp) -> u64 {
    u64::try_from(Timestamp::now().as_millisecond().saturating_sub(at.as_millisecond())).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::reporters::example::Example;

    fn screen() -> Screen {
        Screen::plain(80)
    }

    #[test]
    fn a_run_that_died_says_so_and_what_was_in_flight() {
        let mut records = Example::failing_and_rolled_back();
        let started = records.iter().position(|record| {
            let intent = match &record.entry {
                runbook_model::entry::Entry::StepIntended(intent) => intent,
                _ => return false,
            };
            matches!(intent.spec.kind, StepKind::Command(_))
        });
        records.truncate(started.expect("a command") + 1);
        let account = Account::of(&records).expect("an account");
        let seen = Seen { held: None, damaged: false, torn: true };
        let globals = Globals { root: Some("demo".into()), ..Globals::default() };
        let said = standing(&account, &seen, &globals, screen());
        for part in [
            "rollback-api died",
            "process 4711 of alice@ops-1",
            "in flight: command",
            "→ runbook -C demo resume 01M",
            "broke off",
        ] {
            assert!(said.contains(part), "{part} is missing in\n{said}");
        }
    }

    #[test]
    fn a_run_that_ended_needs_no_more_words() {
        let account = Account::of(&Example::failing_and_rolled_back()).expect("an account");
        let seen = Seen { held: None, damaged: false, torn: false };
        assert_eq!(standing(&account, &seen, &Globals::default(), screen()), "");
    }
}
