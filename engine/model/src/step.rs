//! What a script asks for: one step, with every option resolved.

use serde::{Deserialize, Serialize};

use crate::Value;
use crate::change::Change;
use crate::digest::Digest;
use crate::length::Length;

/// A step as the script asks for it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StepSpec {
    /// What people call it: one line, never empty. For a confirm this is the question.
    pub name: String,
    /// What it is.
    #[serde(flatten)]
    pub kind: StepKind,
}

/// The four kinds of step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum StepKind {
    /// Looks and never changes.
    Check(Check),
    /// Changes the world.
    Command(Box<Command>),
    /// Asks a person.
    Confirm(Confirm),
    /// Adds to what is owed: a compensation that belongs to no single command.
    Rollback(Rollback),
}

/// How a check looks.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Check {
    /// It must pass within this time; until then a miss means another look.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub within: Option<Length>,
    /// It must pass at every look for this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub during: Option<Length>,
    /// The pause between two looks; 1 s when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub every: Option<Length>,
    /// A miss is noted and the run goes on.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub advisory: bool,
    /// The value that must be seen; a difference is shown as one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expect: Option<Value>,
    /// The value that a rehearsal takes when a change that was withheld keeps the check from passing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assume: Option<Value>,
}

/// How a command changes the world.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Command {
    /// The change.
    pub change: Change,
    /// The way back.
    #[serde(default, skip_serializing_if = "RollbackPlan::is_undeclared")]
    pub rollback: RollbackPlan,
    /// The rollback is owed even when the command fails, because it may have done a part.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub rollback_if_failed: bool,
    /// The script has a closure that can tell whether the effect is there.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub settled_by: bool,
    /// Running it twice is the same as running it once.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub idempotent: bool,
    /// After this time it is stopped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Length>,
    /// How often it may be tried again after a failure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<Retry>,
    /// What a rehearsal takes as its standard output.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assume: Option<Value>,
}

impl Command {
    /// A command that does this, with nothing else said about it.
    #[must_use]
    pub fn new(change: Change) -> Self {
        Self {
            change,
            rollback: RollbackPlan::Undeclared,
            rollback_if_failed: false,
            settled_by: false,
            idempotent: false,
            timeout: None,
            retry: None,
            assume: None,
        }
    }
}

/// More attempts after a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retry {
    /// How many more; 1 to 1,000.
    pub times: u32,
    /// The pause before each; 1 s when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every: Option<Length>,
}

/// The way back from a change.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RollbackPlan {
    /// The author said nothing: the change stays, and a rollback reports it.
    #[default]
    Undeclared,
    /// The author said that nothing has to be done.
    Nothing,
    /// These changes, in this order.
    Changes(Vec<Change>),
    /// The file as it was before: known once the step is about to start.
    Restore,
    /// Steps in a closure of the script, found again by replaying the pinned source.
    Block,
}

impl RollbackPlan {
    /// Whether the author said nothing.
    #[must_use]
    pub fn is_undeclared(&self) -> bool {
        *self == Self::Undeclared
    }
}

/// How a person is asked.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Confirm {
    /// The answers that may be chosen; empty: yes or no.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<String>,
    /// A line of text is wanted instead of a choice; this says what.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input: Option<String>,
    /// More to read before answering.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub details: Option<String>,
    /// Who may answer: names and `@groups`; empty: whoever runs it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub by: Vec<String>,
    /// How many different people must agree; 1 when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quorum: Option<u32>,
    /// The person who runs it may not answer.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub not_self: bool,
    /// How long an answer may take.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Length>,
    /// Who is asked next when nobody answered: each for one more deadline.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub escalate: Vec<String>,
    /// What silence means.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_timeout: Option<OnTimeout>,
    /// What a rehearsal takes for the choice or the text, because it asks nobody. A question of yes or no has a yes there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assume: Option<String>,
}

impl Confirm {
    /// What it wants of the people who answer, one thing each; empty when anybody may, alone.
    #[must_use]
    pub fn wants(&self) -> Vec<String> {
        let mut wants = Vec::new();
        if !self.by.is_empty() {
            wants.push(format!("may answer: {}", self.by.join(", ")));
        }
        if !self.escalate.is_empty() {
            wants.push(format!("then: {}", self.escalate.join(", ")));
        }
        wants.extend(self.quorum.filter(|quorum| *quorum > 1).map(|quorum| format!("{quorum} people have to agree")));
        wants.extend(self.not_self.then(|| "not whoever runs it".to_owned()));
        wants
    }
}

/// What silence means at a confirm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnTimeout {
    /// Stop; the run stays resumable. The default.
    Stop,
    /// Roll back what was done.
    Rollback,
    /// Go on as if the answer were yes.
    Proceed,
}

impl OnTimeout {
    /// What it does, in words.
    #[must_use]
    pub fn told(self) -> &'static str {
        match self {
            Self::Stop => "stop",
            Self::Rollback => "roll back",
            Self::Proceed => "go on as if the answer were yes",
        }
    }
}

/// A compensation that belongs to no single command.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rollback {
    /// What is owed.
    pub plan: RollbackPlan,
}

/// What a run does when a step fails and nobody is there to ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnFailure {
    /// Stop; the run stays resumable.
    #[default]
    Stop,
    /// Roll back what was done.
    Rollback,
}

/// Where in the sources something stands; lines and columns count from 1, columns in characters.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Location {
    /// The file, relative to the root of the runbook repository, or `std/…`.
    pub file: String,
    /// The line.
    pub line: u32,
    /// The column.
    pub column: u32,
}

impl StepSpec {
    /// The digest by which a step is recognised on resume: its name, kind and resolved arguments, not its place.
    #[must_use]
    pub fn fingerprint(&self) -> Digest {
        Digest::of_json(self)
    }

    /// One word for the kind.
    #[must_use]
    pub fn kind_word(&self) -> &'static str {
        match self.kind {
            StepKind::Check(_) => "check",
            StepKind::Command(_) => "command",
            StepKind::Confirm(_) => "confirm",
            StepKind::Rollback(_) => "rollback",
        }
    }
}
