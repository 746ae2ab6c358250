//! What an environment asks of a run, before it may change anything there.

use runbook_model::gate::Gate;
use runbook_model::length::Length;
use runbook_model::step::Confirm;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::configuration::Sourced;
use crate::configuration::reader::Reader;

/// The keys of `[env.NAME]` that are read here.
pub(super) const KEYS: [&str; 4] = ["protected", "require_rehearsal", "require_real_rehearsal", "confirm"];
const CONFIRM: [&str; 3] = ["by", "not_self", "quorum"];

/// What an environment asks of a run.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rules {
    /// Whether changes to it deserve more care: no `--yes`.
    pub protected: Option<Sourced<bool>>,
    /// A rehearsal in this environment may be at most this old.
    pub require_rehearsal: Option<Sourced<Length>>,
    /// A completed run in another environment may be at most this old.
    pub require_real_rehearsal: Option<Sourced<Length>>,
    /// Who has to agree before the first change.
    pub confirm: Option<Sourced<Confirm>>,
}

impl Rules {
    pub(super) fn read(reader: &mut Reader<'_>, environment: &DeTable<'_>) -> Self {
        Self {
            protected: reader.flag(environment, "protected"),
            require_rehearsal: length(reader, environment, "require_rehearsal"),
            require_real_rehearsal: length(reader, environment, "require_real_rehearsal"),
            confirm: confirm(reader, environment),
        }
    }

    /// Takes over what a later file says. The user's own file may ask for more care, never for less: who has to agree, and how
    /// fresh a rehearsal has to be, is for the repository to say, and not for whoever wants to run something.
    pub(super) fn overlaid(&mut self, above: Self, is_own: bool) {
        let Self { protected, require_rehearsal, require_real_rehearsal, confirm } = above;
        let shorter = |own: Option<Sourced<Length>>, said: &Option<Sourced<Length>>| {
            own.filter(|own| !is_own || said.as_ref().is_none_or(|said| own.value < said.value))
        };
        self.protected = protected.filter(|protected| !is_own || protected.value).or(self.protected.take());
        self.require_rehearsal = shorter(require_rehearsal, &self.require_rehearsal).or(self.require_rehearsal.take());
        self.require_real_rehearsal =
            shorter(require_real_rehearsal, &self.require_real_rehearsal).or(self.require_real_rehearsal.take());
        self.confirm = if is_own { self.confirm.take().or(confirm) } else { confirm.or(self.confirm.take()) };
    }

    /// What is asked before the first change in the environment of that name.
    #[must_use]
    pub fn gate(&self, env: &str) -> Option<Gate> {
        let confirm = self.confirm.as_ref()?.value.clone();
        Some(Gate { question: format!("Make changes in {env}?"), confirm })
    }
}

fn length(reader: &mut Reader<'_>, table: &DeTable<'_>, key: &str) -> Option<Sourced<Length>> {
    let Sourced { value, origin } = reader.text(table, key)?;
    match value.parse() {
        Ok(length) => Some(Sourced::new(length, origin)),
        Err(error) => {
            let span = table.get(key).map(Spanned::span).unwrap_or_default();
            reader.complain(span, format!("`{key}`: {error}"), None);
            None
        }
    }
}

/// `confirm = true`, or a table that says who.
fn confirm(reader: &mut Reader<'_>, table: &DeTable<'_>) -> Option<Sourced<Confirm>> {
    let value = table.get("confirm")?;
    let origin = reader.origin(&value.span());
    let confirm = match value.get_ref() {
        DeValue::Boolean(false) => return None,
        DeValue::Boolean(true) => Confirm::default(),
        DeValue::Table(who) => {
            reader.only(" in `confirm`", who, &CONFIRM);
            Confirm {
                by: reader.texts(who, "by").map(|by| by.value).unwrap_or_default(),
                not_self: reader.flag(who, "not_self").is_some_and(|flag| flag.value),
                quorum: quorum(reader, who),
                ..Confirm::default()
            }
        }
        _ => {
            let help = "write `confirm = true`, or `confirm = { by = [\"@oncall\"], not_self = true, quorum = 2 }`";
            reader.complain(value.span(), "`confirm` wants `true` or a table", Some(help.to_owned()));
            return None;
        }
    };
    Some(Sourced::new(confirm, origin))
}

fn quorum(reader: &mut Reader<'_>, table: &DeTable<'_>) -> Option<u32> {
    let value = table.get("quorum")?;
    let number = value.get_ref().as_integer().and_then(|number| u32::from_str_radix(number.as_str(), number.radix()).ok());
    if number.is_none_or(|number| !(1..=100).contains(&number)) {
        reader.complain(value.span(), "`quorum` is a number of people, from 1 to 100", None);
    }
    number
}
