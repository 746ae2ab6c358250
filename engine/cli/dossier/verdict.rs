//! What became of a run, in one sentence.

use runbook_model::entry::Mode;
use runbook_model::status::RunStatus;

use super::exceptions::Exceptions;
use super::piece::LONGEST;
use super::quoted::quoted;
use super::{Dossier, Trouble};
use crate::output::elapsed;
use crate::output::screen::cut;

/// What became of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// One or two words.
    pub word: String,
    /// How it is to be taken.
    pub mood: Mood,
    /// A sentence or two, without the word.
    pub why: String,
}

/// How a verdict, or what became of a step, is to be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    /// It went well.
    Good,
    /// It failed.
    Bad,
    /// It needs a look.
    Warn,
    /// It was taken back.
    Back,
    /// It was withheld.
    Withheld,
    /// It matters less.
    Faint,
}

impl Mood {
    /// A word for style sheets.
    #[must_use]
    pub fn class(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Bad => "bad",
            Self::Warn => "warn",
            Self::Back => "back",
            Self::Withheld => "withheld",
            Self::Faint => "faint",
        }
    }

    /// A character that stands out without colour.
    #[must_use]
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Good => "✓",
            Self::Bad => "✗",
            Self::Warn => "!",
            Self::Back => "↩",
            Self::Withheld => "◌",
            Self::Faint => "·",
        }
    }
}

impl Verdict {
    /// Of a run.
    #[must_use]
    pub fn of(dossier: &Dossier) -> Self {
        let account = &dossier.account;
        let took = elapsed::short(account.took());
        let verdict = |word: &str, mood, why: String| Self { word: word.to_owned(), mood, why };
        let brief = |message: &str| cut(message, LONGEST);
        match &dossier.trouble {
            Some(Trouble::Damaged(_) | Trouble::Illegal(_)) => {
                let why = "The journal cannot be read to its end: what follows is what it says up to there.".to_owned();
                return verdict("damaged", Mood::Bad, why);
            }
            Some(Trouble::Died) => {
                let why = format!("Its process died after {took}: nobody wrote down an end, and nobody is at work on it.");
                return verdict("died", Mood::Bad, why);
            }
            Some(Trouble::Torn) | None => {}
        }
        if let Some(who) = &dossier.at_work {
            return verdict("running", Mood::Warn, format!("At work: {who}. This is what happened so far."));
        }
        let word = account.state.word();
        let at = |path: &runbook_model::path::StepPath| quoted(&path.told());
        match &account.state {
            RunStatus::Completed => match Exceptions::of(account).told() {
                None => verdict(word, Mood::Good, format!("It did what it should, in {took}.")),
                Some(exceptions) => verdict(word, Mood::Warn, format!("With {exceptions}, in {took}.")),
            },
            RunStatus::Rehearsed { unknown: 0 } => {
                verdict(word, Mood::Good, format!("A rehearsal, in {took}: checks looked, changes were withheld."))
            }
            RunStatus::Rehearsed { unknown } => {
                let steps = if *unknown == 1 { "1 step depends".to_owned() } else { format!("{unknown} steps depend") };
                verdict(word, Mood::Withheld, format!("A rehearsal, in {took}; {steps} on something that was withheld."))
            }
            RunStatus::Unknowable { message } => verdict(word, Mood::Withheld, brief(message)),
            RunStatus::RolledBack => verdict(word, Mood::Back, format!("All that it owed was rolled back; {took} in all.")),
            RunStatus::Failed { at: Some(path), message } => {
                verdict(word, Mood::Bad, format!("At {}: {}", at(path), brief(message)))
            }
            RunStatus::Failed { at: None, message } => verdict(word, Mood::Bad, brief(message)),
            RunStatus::Declined { at: path } => verdict(word, Mood::Warn, format!("Somebody said no to {}.", at(path))),
            RunStatus::InDoubt { at: path } => {
                verdict(word, Mood::Warn, format!("Nobody knows whether {} took effect: a person has to say.", at(path)))
            }
            RunStatus::Stuck { at: path, message } => {
                verdict(word, Mood::Bad, format!("Its rollback failed at {}: {}", at(path), brief(message)))
            }
            RunStatus::Suspended { at: path } => verdict(word, Mood::Warn, format!("For an answer to {}.", at(path))),
            RunStatus::Mismatch { at: path } => {
                verdict(word, Mood::Bad, format!("What the script asks for at {} is not what was recorded.", at(path)))
            }
            RunStatus::Interrupted => verdict(word, Mood::Warn, format!("It was stopped after {took} and can be resumed.")),
            RunStatus::Abandoned { why } => verdict(word, Mood::Faint, format!("It was given up: {why}")),
            RunStatus::Running | RunStatus::RollingBack => {
                let kind = if account.started.mode == Mode::Live { "run" } else { "rehearsal" };
                verdict(word, Mood::Warn, format!("The {kind} has not come to an end."))
            }
        }
    }
}
