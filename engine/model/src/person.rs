//! Who did something, and who decided it.

use serde::{Deserialize, Serialize};

/// A person at a machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// The login name.
    pub name: String,
    /// The host.
    pub host: String,
    /// From where they speak.
    pub from: From,
}

/// From where a person speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum From {
    /// A terminal.
    Terminal,
    /// A command line without a terminal: a script, cron, CI.
    CommandLine,
    /// A browser.
    Web,
}

/// What made a decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decider {
    /// A person, asked or by a command of their own.
    Person(Person),
    /// The runbook: `on_failure`, `on_timeout`, `idempotent`.
    Runbook,
    /// The step's own `settled_by` check.
    SettledBy,
    /// What the engine could find out: the keeper's record, the digest of a file.
    Evidence,
    /// A flag of the command line: `--yes`.
    Flag(String),
}

impl Decider {
    /// Who it was, for people.
    #[must_use]
    pub fn line(&self) -> String {
        match self {
            Self::Person(person) => person.name.clone(),
            Self::Runbook => "the runbook".to_owned(),
            Self::SettledBy => "its `settled_by` check".to_owned(),
            Self::Evidence => "what was found".to_owned(),
            Self::Flag(flag) => flag.clone(),
        }
    }
}
