//! From the words so far to what could come next.

use clap::{Arg, Command};

use super::scene::Scene;
use super::slot::{self, Given, Slot};
use super::wants::{Wants, Which, wants};
use super::{Offer, names, parameters, runs};
use crate::commands::arguments;

/// How the shell is to take an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The offers are whole words.
    Words,
    /// The offers are beginnings, `name=`: no space behind them.
    Beginnings,
    /// The shell knows better: the names of files.
    Files,
    /// The shell knows better: the names of directories.
    Directories,
}

impl Kind {
    /// What the scripts know it by.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Words => "words",
            Self::Beginnings => "beginnings",
            Self::Files => "files",
            Self::Directories => "directories",
        }
    }
}

/// What could come next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// How to take it.
    pub kind: Kind,
    /// In the order in which they are to be shown; each begins with what is typed already.
    pub offers: Vec<Offer>,
}

impl Answer {
    fn of(offers: Vec<Offer>) -> Self {
        Self { kind: Kind::Words, offers }
    }

    fn native(kind: Kind) -> Self {
        Self { kind, offers: Vec::new() }
    }
}

/// What could stand for `current` behind the words `before` (without the name of the program).
#[must_use]
pub fn answer(before: &[String], current: &str) -> Answer {
    let mut command = arguments::command();
    command.build();
    let (given, slot) = slot::find(&command, before, current);
    let mut answer = match slot {
        Slot::Verb(command) => Answer::of(verbs(command)),
        Slot::Option(command) => Answer::of(options(command, &given)),
        Slot::Nothing(command) if current.is_empty() => Answer::of(options(command, &given)),
        Slot::Nothing(_) => Answer::of(Vec::new()),
        Slot::Value(argument, prefix) => {
            let typed = current.strip_prefix(prefix.as_str()).unwrap_or(current);
            let mut answer = values(&given, argument, typed);
            for offer in &mut answer.offers {
                offer.value.insert_str(0, &prefix);
            }
            answer
        }
    };
    answer.offers.retain(|offer| offer.is_safe() && begins_with(&offer.value, current));
    if answer.kind == Kind::Words && !answer.offers.is_empty() && answer.offers.iter().all(|it| it.value.ends_with('=')) {
        answer.kind = Kind::Beginnings;
    }
    answer
}

/// Ids and codes may be typed in small letters; the shells replace what was typed.
fn begins_with(value: &str, typed: &str) -> bool {
    value.get(..typed.len()).is_some_and(|head| head.eq_ignore_ascii_case(typed))
}

fn verbs(command: &Command) -> Vec<Offer> {
    let about = |verb: &Command| verb.get_about().map(ToString::to_string).unwrap_or_default();
    // In the order of the help text, for the program itself.
    let rank = |verb: &&Command| {
        arguments::GROUPS.iter().flat_map(|(_, verbs)| verbs.iter()).position(|known| *known == verb.get_name())
    };
    // `runbook help` is a verb of ours; below a verb clap adds one by itself.
    let is_ours = |verb: &&Command| command.is_disable_help_subcommand_set() || verb.get_name() != "help";
    let mut verbs: Vec<_> = command.get_subcommands().filter(|verb| !verb.is_hide_set()).filter(is_ours).collect();
    if command.get_name() == "runbook" {
        verbs.sort_by_key(rank);
    }
    verbs.into_iter().map(|verb| Offer::new(verb.get_name(), about(verb))).collect()
}

fn options(command: &Command, given: &Given) -> Vec<Offer> {
    let repeats = |argument: &Arg| matches!(argument.get_action(), clap::ArgAction::Append | clap::ArgAction::Count);
    let is_new = |argument: &&Arg| repeats(argument) || given.value(argument.get_id().as_str()).is_none();
    // The verb's own before those of every verb.
    let mut arguments: Vec<_> = command.get_arguments().filter(|argument| !argument.is_hide_set()).filter(is_new).collect();
    arguments.sort_by_key(|argument| argument.is_global_set());
    let offer = |argument: &Arg| {
        let about = argument.get_help().map(ToString::to_string).unwrap_or_default();
        Some(Offer::new(format!("--{}", argument.get_long()?), about))
    };
    arguments.into_iter().filter_map(offer).collect()
}

fn values(given: &Given, argument: &Arg, typed: &str) -> Answer {
    let scene = Scene::of(given);
    let any = |typed| runs::runs(&scene, Which::Any, typed);
    Answer::of(match wants(&given.verbs, argument) {
        Wants::Runbook => names::runbooks(&scene, typed),
        Wants::RunbookOrRun => names::runbooks(&scene, typed).into_iter().chain(any(typed)).collect(),
        Wants::Parameter => parameters::parameters(&scene, given, typed),
        Wants::Environment => names::environments(&scene),
        Wants::Run(which) => runs::runs(&scene, which, typed),
        Wants::Question => runs::open_questions(&scene, given),
        Wants::Choice => runs::choices(&scene, given),
        Wants::Doubtful => runs::steps(&scene, given, true),
        Wants::Step => runs::steps(&scene, given, false),
        Wants::Code => names::codes(),
        Wants::Topic => names::topics(),
        Wants::State => names::states(),
        Wants::Operator => runs::operators(&scene),
        Wants::File => return Answer::native(Kind::Files),
        Wants::Directory => return Answer::native(Kind::Directories),
        Wants::Listed => listed(argument),
    })
}

fn listed(argument: &Arg) -> Vec<Offer> {
    let values = argument.get_possible_values();
    let about = |value: &clap::builder::PossibleValue| value.get_help().map(ToString::to_string).unwrap_or_default();
    values.iter().filter(|value| !value.is_hide_set()).map(|value| Offer::new(value.get_name(), about(value))).collect()
}
