//! `runbook exec`: starts a run.

use std::convert::Infallible;
use std::str::FromStr;

/// Run a runbook
///
/// Asks at every confirm, shows each step as it goes, and leaves a journal from which the run can be resumed or rolled back.
#[derive(Debug, clap::Args)]
pub struct Exec {
    /// The name of a runbook (see `runbook list`), or the path of a `.rhai` file
    #[arg(value_name = "NAME")]
    pub runbook: String,
    /// A parameter, as often as there are any
    #[arg(long = "param", short = 'p', value_name = "KEY=VALUE", value_parser = parameter)]
    pub params: Vec<Parameter>,
    /// The environment whose settings the runbook gets; otherwise `RUNBOOK_ENV`
    #[arg(long, value_name = "ENV")]
    pub env: Option<String>,
    /// Rehearse: checks really look, changes are withheld and shown
    #[arg(long)]
    pub dry_run: bool,
    /// Answer every yes-or-no confirm with yes; choices and typed input still wait for a person
    #[arg(long, conflicts_with = "dry_run")]
    pub yes: bool,
    /// Run although the audit trail cannot be written, and record why
    #[arg(long, value_name = "REASON")]
    pub unsealed: Option<String>,
    /// Show the output of steps that succeed, too
    #[arg(long, short)]
    pub verbose: bool,
}

/// A parameter as it was typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// The text behind the first `=`.
    pub text: String,
}

/// A typed parameter without a name or without `=`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a parameter is written `name=value`")]
pub struct NotAParameter;

fn parameter(text: &str) -> Result<Parameter, NotAParameter> {
    match text.split_once('=') {
        Some((name, text)) if !name.is_empty() => Ok(Parameter { name: name.to_owned(), text: text.to_owned() }),
        _ => Err(NotAParameter),
    }
}

/// A run, by its id or any prefix of it that no other run shares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunPrefix(pub String);

impl FromStr for RunPrefix {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.trim().to_ascii_uppercase()))
    }
}
