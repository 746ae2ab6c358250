//! What a test says about the world, as data.

use std::collections::BTreeMap;

use runbook_model::Value;
use runbook_model::length::Length;

use crate::script::language::vocabulary;

/// What a test says about a look, a step or a question.
#[derive(Debug, Clone, PartialEq)]
pub struct Given {
    /// What it is about: a look as a runbook writes it, without quotes (`http::get http://127.0.0.1/`), or the name or path of
    /// a step. `*` stands for any text.
    pub what: String,
    /// One answer after the other; the last one stays. Those with an `after` count from then on.
    pub answers: Vec<Answered>,
}

/// What a person says to a plain question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    /// Yes.
    Yes,
    /// No.
    No,
    /// Nothing, until the time for an answer is over; without a deadline the run waits.
    Nothing,
}

/// One answer.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Answered {
    /// What a look sees, or what a check gives.
    pub gives: Option<Value>,
    /// The look cannot be taken, or the check fails, for this reason.
    pub fails: Option<String>,
    /// What a program prints.
    pub prints: Option<String>,
    /// What it says on standard error.
    pub complains: Option<String>,
    /// Its exit code.
    pub exits: Option<i32>,
    /// The status of a server's answer.
    pub status: Option<u16>,
    /// And its body.
    pub body: Option<String>,
    /// How long a command takes, on a clock that nobody waits for.
    pub takes: Option<Length>,
    /// The header fields of a server's answer to a look, with names in lower case.
    pub headers: BTreeMap<String, String>,
    /// What a person answers, if anything.
    pub says: Option<Word>,
    /// The choice that a person takes.
    pub chooses: Option<String>,
    /// What a person types.
    pub enters: Option<String>,
    /// It counts once the change of this step took effect.
    pub after: Option<String>,
}

impl Given {
    /// Whether it is about a look at the world, and not about a step.
    #[must_use]
    pub fn is_look(&self) -> bool {
        self.space().is_some()
    }

    /// The module of the look that it is about.
    pub(super) fn space(&self) -> Option<&str> {
        let (space, _) = self.what.split_once("::")?;
        vocabulary::MODULES.iter().any(|(module, _)| *module == space).then_some(space)
    }
}

impl Answered {
    /// What is wrong with it, in one line; `None` when it is one answer.
    pub(super) fn wrong(&self, is_look: bool) -> Option<String> {
        let program = self.prints.is_some() || self.complains.is_some() || self.exits.is_some();
        let server = self.status.is_some() || self.body.is_some();
        let person = [self.says.is_some(), self.chooses.is_some(), self.enters.is_some()];
        let person = person.iter().filter(|said| **said).count();
        let kinds =
            usize::from(self.gives.is_some()) + usize::from(self.fails.is_some()) + usize::from(program) + usize::from(server);
        let one = |text: &str| Some(text.to_owned());
        match kinds + person {
            0 if self.takes.is_some() && self.after.is_none() => {}
            0 => {
                return one(
                    "it says nothing: `gives`, `fails`, `prints`, `exits`, `status`, `says`, `chooses` or `enters` is wanted",
                );
            }
            1 => {}
            _ => {
                return one(
                    "it says several things at once: one of a value, a program's end, a server's answer and a person's word",
                );
            }
        }
        let is_answer = is_look && self.status.is_some();
        if !self.headers.is_empty() && !is_answer {
            return one("`headers` belong to a look that has a `status`");
        }
        if self.body.is_some() && self.status.is_none() {
            return one("`body` needs a `status`");
        }
        if is_look && person > 0 {
            return one("nobody is asked in a look: name the question instead");
        }
        if self.takes.is_some() && (is_look || self.gives.is_some() || self.fails.is_some() || person > 0) {
            return one("`takes` is for commands");
        }
        if self.after.is_some() && !is_look && self.gives.is_none() && self.fails.is_none() {
            return one("`after` is for looks and checks");
        }
        if !is_look && self.complains.is_some() && self.exits.unwrap_or(0) == 0 {
            return one("`complains` needs an `exits` other than 0");
        }
        if !is_look && self.prints.is_some() && self.exits.unwrap_or(0) != 0 {
            return one("`prints` is for programs that end with 0");
        }
        None
    }
}
