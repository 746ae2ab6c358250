//! What an argument takes, by its verb and its name.

use clap::Arg;

/// What an argument takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wants {
    /// A runbook.
    Runbook,
    /// A runbook, or a run of any kind.
    RunbookOrRun,
    /// `name=value` for the runbook that was typed before.
    Parameter,
    /// An environment.
    Environment,
    /// A run.
    Run(Which),
    /// A question that is open in the run that was typed before.
    Question,
    /// One of the choices of the question that was typed before, or of the first.
    Choice,
    /// A step that is in doubt in that run.
    Doubtful,
    /// Any step of that run.
    Step,
    /// An error code.
    Code,
    /// A verb, or `exit-codes`.
    Topic,
    /// A state of a run.
    State,
    /// Somebody who started a run.
    Operator,
    /// A file.
    File,
    /// A directory.
    Directory,
    /// What the definition of the argument lists; often nothing.
    Listed,
}

/// Which runs a verb has a use for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    /// All.
    Any,
    /// Those that can go on.
    Unfinished,
    /// Those that wait for an answer.
    Waiting,
    /// Those with a step in doubt.
    InDoubt,
    /// Live runs that nobody works on, that may have left something to roll back.
    Ended,
}

/// What an argument of a verb takes.
#[must_use]
pub(super) fn wants(verbs: &[String], argument: &Arg) -> Wants {
    let verb = verbs.first().map_or("", String::as_str);
    match (verb, argument.get_id().as_str()) {
        ("new", _) => Wants::Listed,
        ("show", "subject") => Wants::RunbookOrRun,
        (_, "runbook" | "runbooks") => Wants::Runbook,
        (_, "params") => Wants::Parameter,
        (_, "env") => Wants::Environment,
        ("resume" | "abandon", "run") => Wants::Run(Which::Unfinished),
        ("answer", "run") => Wants::Run(Which::Waiting),
        ("resolve", "run") => Wants::Run(Which::InDoubt),
        ("rollback", "run") => Wants::Run(Which::Ended),
        (_, "run" | "left" | "right" | "record") => Wants::Run(Which::Any),
        ("answer", "step") => Wants::Question,
        ("answer", "choose") => Wants::Choice,
        ("resolve", "step") => Wants::Doubtful,
        (_, "step") => Wants::Step,
        (_, "code") => Wants::Code,
        (_, "topic") => Wants::Topic,
        (_, "state") => Wants::State,
        (_, "by") => Wants::Operator,
        _ => by_name_of_value(argument),
    }
}

fn by_name_of_value(argument: &Arg) -> Wants {
    let name = argument.get_value_names().and_then(|names| names.first()).map(clap::builder::Str::as_str);
    match name {
        Some("DIR") => Wants::Directory,
        Some("FILE" | "FILE.md" | "RULES") => Wants::File,
        _ => Wants::Listed,
    }
}
