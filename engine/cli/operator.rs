//! Who is at the keyboard: by user number, not by what `$USER` claims.

use std::collections::BTreeMap;
use std::fs;
use std::process::{Command, Stdio};

use runbook_model::person::{From, Person};
use runbook_model::step::Confirm;

use crate::behalf;

/// The person who started this program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operator {
    /// Their login name, host, and whether they sit at a terminal.
    pub person: Person,
    /// The groups of `runbook.toml` that they are in, as the run recorded them.
    pub groups: Vec<String>,
}

impl Operator {
    /// Asks the system who runs this process.
    #[must_use]
    pub fn here() -> Self {
        let uid = rustix::process::getuid().as_raw();
        let passwd = fs::read_to_string("/etc/passwd").unwrap_or_default();
        let name = name_of(&passwd, uid).or_else(name_by_id).unwrap_or_else(|| format!("uid-{uid}"));
        let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
        // The server vouches for whom it let in; what it was told stands in the journal as said in a browser.
        if let Some(request) = behalf::request() {
            return Self { person: Person { name: request.person.clone(), host, from: From::Web }, groups: Vec::new() };
        }
        let from = if is_terminal() { From::Terminal } else { From::CommandLine };
        Self { person: Person { name, host, from }, groups: Vec::new() }
    }

    /// The same person, with the groups that a run knows them in.
    #[must_use]
    pub fn in_groups(mut self, groups: &BTreeMap<String, Vec<String>>) -> Self {
        let theirs = groups.iter().filter(|(_, members)| members.contains(&self.person.name));
        self.groups = theirs.map(|(group, _)| group.clone()).collect();
        self
    }

    /// Whether this person may answer a confirm of a run that `runner` started.
    ///
    /// # Errors
    /// Says who may.
    pub fn may_answer(&self, confirm: &Confirm, runner: &Person) -> Result<(), MayNotAnswer> {
        if confirm.not_self && self.person.name == runner.name {
            return Err(MayNotAnswer::Oneself { name: self.person.name.clone() });
        }
        let is_meant = |by: &String| match by.strip_prefix('@') {
            Some(group) => self.groups.iter().any(|mine| mine == group),
            None => *by == self.person.name,
        };
        if confirm.by.is_empty() || confirm.by.iter().chain(&confirm.escalate).any(is_meant) {
            return Ok(());
        }
        Err(MayNotAnswer::Others { name: self.person.name.clone(), by: confirm.by.clone() })
    }
}

/// A person may not answer this confirm.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MayNotAnswer {
    /// Whoever runs it may not agree to it.
    #[error("`{name}` runs this and may not answer: somebody else has to")]
    Oneself {
        /// Who.
        name: String,
    },
    /// Only others may.
    #[error("`{name}` may not answer; these may: {}", .by.join(", "))]
    Others {
        /// Who.
        name: String,
        /// Who may.
        by: Vec<String>,
    },
}

fn is_terminal() -> bool {
    rustix::termios::isatty(std::io::stdin()) && rustix::termios::isatty(std::io::stderr())
}

/// The name in a line `name:x:number:…` of `/etc/passwd`.
fn name_of(table: &str, number: u32) -> Option<String> {
    table.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next().filter(|name| !name.is_empty())?;
        (fields.nth(1)?.parse() == Ok(number)).then(|| name.to_owned())
    })
}

/// People of a directory service are not in `/etc/passwd`; `id` knows them.
fn name_by_id() -> Option<String> {
    let output = Command::new("/usr/bin/id").arg("-un").env_clear().stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    let name = String::from_utf8(output.stdout).ok()?.trim().to_owned();
    (output.status.success() && !name.is_empty() && !name.contains(char::is_control)).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alice() -> Operator {
        let person = Person { name: "alice".to_owned(), host: "ops-1".to_owned(), from: From::Terminal };
        Operator { person, groups: vec!["oncall".to_owned()] }
    }

    #[test]
    fn the_user_number_decides_and_not_the_environment() {
        let by_id = name_by_id().expect("`id` is everywhere");
        assert_eq!(Operator::here().person.name, by_id);
    }

    #[test]
    fn names_and_groups_are_looked_at_and_oneself_is_not_enough() {
        let bob = Person { name: "bob".to_owned(), ..alice().person };
        let by = |by: &[&str]| Confirm { by: by.iter().map(|by| (*by).to_owned()).collect(), ..Confirm::default() };
        assert_eq!(alice().may_answer(&by(&["@oncall"]), &bob), Ok(()));
        assert_eq!(alice().may_answer(&by(&["alice"]), &bob), Ok(()));
        assert!(alice().may_answer(&by(&["@l2", "oncall"]), &bob).is_err());
        let not_self = Confirm { not_self: true, ..Confirm::default() };
        assert!(alice().may_answer(&not_self, &alice().person).is_err());
        assert_eq!(alice().may_answer(&not_self, &bob), Ok(()));
    }

    #[test]
    fn a_damaged_table_names_nobody() {
        assert_eq!(name_of("root:x:0:0\n:x:7:\nshort\nsvc:x:9:9:::", 9).as_deref(), Some("svc"));
        assert_eq!(name_of("root:x:0:0\n:x:7:\nshort", 7), None);
    }
}
