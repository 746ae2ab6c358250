//! Which argument stands where something is being typed, by the definition of the command line.

use clap::{Arg, Command};

/// What could stand there.
#[derive(Debug)]
pub(super) enum Slot<'a> {
    /// A verb of this command.
    Verb(&'a Command),
    /// An option of this command.
    Option(&'a Command),
    /// A value of this argument. What is typed of the word before the value is kept: `--env=`, `-p`.
    Value(&'a Arg, String),
    /// Nothing more.
    Nothing(&'a Command),
}

/// What was typed before, as far as it can be understood.
#[derive(Debug, Default)]
pub(super) struct Given {
    /// The verbs: `exec`, or `alerts` and `check`.
    pub(super) verbs: Vec<String>,
    /// Each argument's name with its value.
    pub(super) values: Vec<(String, String)>,
    escaped: bool,
}

impl Given {
    /// The last value of an argument.
    #[must_use]
    pub(super) fn value(&self, argument: &str) -> Option<&str> {
        self.all(argument).last()
    }

    /// Every value of an argument, in their order.
    pub(super) fn all(&self, argument: &str) -> impl Iterator<Item = &str> {
        self.values.iter().filter(move |(name, _)| name == argument).map(|(_, value)| value.as_str())
    }

    fn took(&mut self, argument: &Arg, value: &str) {
        self.values.push((argument.get_id().to_string(), value.to_owned()));
    }
}

/// Walks over the words before the one that is being typed. `command` has to be built.
#[must_use]
pub(super) fn find<'a>(command: &'a Command, before: &[String], current: &str) -> (Given, Slot<'a>) {
    let (mut given, mut command) = (Given::default(), command);
    let (mut pending, mut position): (Option<&Arg>, usize) = (None, 1);
    for word in before {
        if let Some(argument) = pending.take() {
            given.took(argument, word);
        } else if given.escaped || word == "-" || !word.starts_with('-') {
            match command.find_subcommand(word) {
                Some(verb) if !given.escaped && position == 1 => {
                    given.verbs.push(verb.get_name().to_owned());
                    command = verb;
                }
                _ => positional(command, &mut position, word, &mut given),
            }
        } else if word == "--" {
            given.escaped = true;
        } else {
            pending = option(command, word, &mut given);
        }
    }
    let slot = match pending {
        Some(argument) => Slot::Value(argument, String::new()),
        None if current.starts_with('-') && !given.escaped => being_typed(command, current),
        None if command.has_subcommands() && position == 1 => Slot::Verb(command),
        None => match at(command, position) {
            Some(argument) => Slot::Value(argument, String::new()),
            None => Slot::Nothing(command),
        },
    };
    (given, slot)
}

/// The argument at a position; the last one may take more than one.
fn at(command: &Command, position: usize) -> Option<&Arg> {
    command.get_positionals().find(|argument| argument.get_index() == Some(position))
}

fn positional(command: &Command, position: &mut usize, word: &str, given: &mut Given) {
    let Some(argument) = at(command, *position) else { return };
    given.took(argument, word);
    if !matches!(argument.get_action(), clap::ArgAction::Append) {
        *position += 1;
    }
}

/// An option that is complete, with its value or without one; the argument whose value comes as the next word.
fn option<'a>(command: &'a Command, word: &str, given: &mut Given) -> Option<&'a Arg> {
    if let Some(long) = word.strip_prefix("--") {
        let (name, value) = long.split_once('=').map_or((long, None), |(name, value)| (name, Some(value)));
        let argument = command.get_arguments().find(|argument| argument.get_long() == Some(name))?;
        return match value {
            Some(value) => {
                given.took(argument, value);
                None
            }
            None if argument.get_action().takes_values() => Some(argument),
            None => {
                given.took(argument, "");
                None
            }
        };
    }
    let (argument, rest) = short(command, word)?;
    if rest.is_empty() {
        return Some(argument);
    }
    given.took(argument, rest);
    None
}

/// The first of some short options that takes a value, and what stands behind it.
fn short<'a, 'w>(command: &'a Command, word: &'w str) -> Option<(&'a Arg, &'w str)> {
    let letters = word.strip_prefix('-')?;
    letters.char_indices().find_map(|(at, letter)| {
        let argument = command.get_arguments().find(|argument| argument.get_short() == Some(letter))?;
        argument.get_action().takes_values().then(|| (argument, &letters[at + letter.len_utf8()..]))
    })
}

fn being_typed<'a>(command: &'a Command, current: &str) -> Slot<'a> {
    if let Some((option, _)) = current.split_once('=')
        && let Some(name) = option.strip_prefix("--")
    {
        let argument = command.get_arguments().find(|argument| argument.get_long() == Some(name));
        return argument.map_or(Slot::Nothing(command), |argument| Slot::Value(argument, format!("{option}=")));
    }
    match short(command, current) {
        Some((argument, rest)) if !current.starts_with("--") && !rest.is_empty() => {
            Slot::Value(argument, current[..current.len() - rest.len()].to_owned())
        }
        _ => Slot::Option(command),
    }
}
