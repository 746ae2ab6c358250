//! What people type for the arguments of many verbs: a parameter with its value, a run.

use std::convert::Infallible;
use std::str::FromStr;

use runbook_model::declaration::Declaration;
use runbook_model::parameter::Refused;

use crate::failure::Failure;
use crate::output::safe;

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

impl FromStr for Parameter {
    type Err = NotAParameter;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once('=') {
            Some((name, text)) if !name.is_empty() => Ok(Self { name: name.to_owned(), text: text.to_owned() }),
            _ => Err(NotAParameter),
        }
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

/// The parameters that a command still needs, as one types them: ` -p NAME=…` each, for those without a fallback that
/// nobody gave.
pub(crate) fn required(declaration: &Declaration, is_given: impl Fn(&str) -> bool) -> String {
    let open = declaration.params.iter().filter(|(name, parameter)| parameter.fallback.is_none() && !is_given(name));
    open.map(|(name, _)| format!(" -p {}=…", safe::line(name))).collect()
}

/// The parameters are not what the runbook declares.
pub(crate) fn unfit(name: &str, refused: &[Refused]) -> Failure {
    let mut failure = Failure::usage(format!("`{name}` does not get the parameters that it needs; nothing was run"));
    for refused in refused {
        failure = failure.detail(format!("  {refused}"));
    }
    failure.hint(format!("runbook show {name}"))
}
