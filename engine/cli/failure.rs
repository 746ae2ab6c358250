//! The error of the edge: what a person reads when a command could not do what they asked.

use crate::exit_code::ExitCode;
use crate::output::safe::{self, Colours};
use crate::output::style::{Palette, Tone};

/// Why a command ended early, what to do next, and with which code the program ends.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    exit: ExitCode,
    message: String,
    details: Vec<String>,
    hints: Vec<String>,
}

impl Failure {
    /// A failure with its message: one sentence without a full stop, names in back-ticks.
    ///
    /// What an error of the engine says on further lines becomes the first detail: the message itself is shown on one line,
    /// where a line break would be a `␊`.
    #[must_use]
    pub fn new(exit: ExitCode, message: impl Into<String>) -> Self {
        let message = message.into();
        let (message, details) = match message.split_once('\n') {
            Some((first, more)) => (first.to_owned(), vec![more.to_owned()]),
            None => (message, Vec::new()),
        };
        Self { exit, message, details, hints: Vec::new() }
    }

    /// The person asked for something that cannot be; nothing was run.
    #[must_use]
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(ExitCode::NothingRun, message)
    }

    /// Adds something to read below the message: lines of text, or a diagnostic that is already laid out and coloured.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.details.push(detail.into());
        self
    }

    /// Adds the name that was probably meant. That is nothing to type: what to do now is still to be said by a hint.
    #[must_use]
    pub fn meant(self, near: Option<impl AsRef<str>>) -> Self {
        match near {
            Some(near) => self.detail(format!("did you mean `{}`?", near.as_ref())),
            None => self,
        }
    }

    /// Adds what to do now, best a command to type.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// The same with the flags, if any, that find the run again in each command that could be typed now: `-C runbook-demo`.
    #[must_use]
    pub fn found_by(mut self, flags: &str) -> Self {
        if flags.is_empty() {
            return self;
        }
        self.message = self.message.replace("`runbook ", &format!("`runbook {flags} "));
        for hint in &mut self.hints {
            // `runbook resume X, or runbook abandon X`
            let located = |command: &str| match command.strip_prefix("runbook ") {
                Some(rest) => format!("runbook {flags} {rest}"),
                None => command.to_owned(),
            };
            *hint = hint.split(", or ").map(located).collect::<Vec<_>>().join(", or ");
        }
        self
    }

    /// With what the program ends.
    #[must_use]
    pub fn exit(&self) -> ExitCode {
        self.exit
    }

    /// What a person reads on standard error; safe to show, whatever names and values it quotes.
    #[must_use]
    pub fn rendered(&self, palette: Palette) -> String {
        let mut text = format!("{} {}\n", palette.paint(Tone::Bad, "error:"), safe::line(&self.message));
        let colours = if palette.is_coloured() { Colours::Kept } else { Colours::Dropped };
        for detail in &self.details {
            for line in safe::block(detail.as_bytes(), colours).lines() {
                text.push_str(line);
                text.push('\n');
            }
        }
        for hint in &self.hints {
            text.push_str(&format!("{} {}\n", palette.paint(Tone::Strong, "next:"), safe::line(hint)));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_and_what_next_and_lets_no_control_sequence_through() {
        let failure = Failure::usage("there is no runbook `\u{1b}]0;evil\u{7}`").detail("there are:\n  a").hint("runbook list");
        assert_eq!(
            failure.rendered(Palette::plain()),
            "error: there is no runbook `␛]0;evil␇`\nthere are:\n  a\nnext: runbook list\n"
        );
    }

    #[test]
    fn what_can_be_typed_next_finds_the_run_again() {
        let failure =
            || Failure::usage("no room: make some, then `runbook resume X`").hint("runbook resume X, or runbook abandon X");
        assert_eq!(
            failure().found_by("--state-dir /s").rendered(Palette::plain()),
            "error: no room: make some, then `runbook --state-dir /s resume X`\n\
             next: runbook --state-dir /s resume X, or runbook --state-dir /s abandon X\n"
        );
        assert_eq!(failure().found_by(""), failure());
    }

    #[test]
    fn an_error_of_several_lines_stays_on_several_lines() {
        let failure = Failure::usage("`x` names several steps\n  a/x\n  b/x").hint("runbook show 01M");
        assert_eq!(failure.rendered(Palette::plain()), "error: `x` names several steps\n  a/x\n  b/x\nnext: runbook show 01M\n");
    }
}
