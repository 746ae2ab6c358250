//! What stands in a commit: one line for people, then trailers for machines.

use std::fmt::Write as _;

use runbook_model::entry::Mode;
use runbook_model::status::RunStatus;

use super::facts::Facts;

/// The message of a seal in between.
pub(super) fn sealed(facts: &Facts, reason: &str) -> String {
    let last = facts.head.next.0.saturating_sub(1);
    let why = if reason.is_empty() { String::new() } else { format!(" ({})", plain(reason)) };
    let mut message = format!("{}: sealed at record {last}{why}\n\n", plain(&facts.runbook));
    append(&mut message, &trailers(facts, None));
    message
}

/// The message of the end of a run: its line in `git log --first-parent main`.
pub(super) fn concluded(facts: &Facts, status: &RunStatus) -> String {
    let steps = if facts.steps == 1 { "1 step".to_owned() } else { format!("{} steps", facts.steps) };
    // A rehearsal that failed must not read like a run that did.
    let rehearsal = if facts.mode == Mode::Rehearsal && status.word() != "rehearsed" { " (dry run)" } else { "" };
    let what = format!("{} {}{rehearsal}", plain(&facts.runbook), status.word());
    let mut message = format!("{what} · {steps} · {} · {}", elapsed(facts.millis), who(facts));
    if let Some(env) = &facts.env {
        let _infallible = write!(message, " · {}", plain(env));
    }
    message.push_str("\n\n");
    append(&mut message, &trailers(facts, Some(status)));
    message
}

/// The value of a trailer of that name in the last paragraph of a message.
pub(super) fn trailer<'m>(message: &'m str, name: &str) -> Option<&'m str> {
    let block = message.trim_end().rsplit("\n\n").next()?;
    block.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

/// The trailers of a commit that holds the journal of `facts`; `outcome` when it is the end of a run.
pub(super) fn trailers(facts: &Facts, outcome: Option<&RunStatus>) -> Vec<(&'static str, String)> {
    let mut trailers = vec![("Run", facts.run.to_string()), ("Runbook", plain(&facts.runbook)), ("Operator", who(facts))];
    trailers.extend(facts.env.as_ref().map(|env| ("Env", plain(env))));
    trailers.extend(outcome.map(|status| ("Outcome", status.word().to_owned())));
    trailers.extend([
        ("Records", facts.head.next.to_string()),
        ("Epoch", facts.epoch.0.to_string()),
        ("Journal-Digest", facts.head.digest.to_string()),
    ]);
    trailers
}

fn append(message: &mut String, trailers: &[(&'static str, String)]) {
    for (name, value) in trailers {
        let _infallible = writeln!(message, "{name}: {value}");
    }
}

fn who(facts: &Facts) -> String {
    format!("{}@{}", plain(&facts.operator.name), plain(&facts.operator.host))
}

/// Text that cannot end its line, nor change how the line is shown: whatever is not plain is escaped.
///
/// A trailer is a line of its own, so text that stays in its line cannot forge one.
pub(super) fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        let hidden =
            matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{61c}' | '\u{feff}');
        if c.is_control() || hidden {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
    if out.trim().is_empty() { "-".to_owned() } else { out.trim().to_owned() }
}

/// Milliseconds as people say them: `0.4s`, `8.2s`, `2m 05s`, `3h 10m`.
fn elapsed(millis: u64) -> String {
    let seconds = millis / 1000;
    match seconds {
        0..60 => format!("{seconds}.{}s", millis % 1000 / 100),
        60..3600 => format!("{}m {:02}s", seconds / 60, seconds % 60),
        _ => format!("{}h {:02}m", seconds / 3600, seconds / 60 % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn time_reads_as_people_say_it() {
        assert_eq!([400, 8_250, 125_000, 11_400_000].map(elapsed), ["0.4s", "8.2s", "2m 05s", "3h 10m"]);
    }

    #[test]
    fn a_name_stays_in_its_line() {
        assert_eq!(plain("deploy\n\nOutcome: forged"), r"deploy\n\nOutcome: forged");
        assert_eq!(plain("\u{202e}x\u{1b}[2J"), r"\u{202e}x\u{1b}[2J");
        assert_eq!(plain("  \n"), r"\n");
        assert_eq!(plain(" "), "-");
    }

    proptest! {
        #[test]
        fn no_text_ends_a_line(text in any::<String>()) {
            prop_assert_eq!(plain(&text).lines().count(), 1);
            prop_assert!(!plain(&text).chars().any(char::is_control));
        }
    }
}
