//! Running programs.

use std::path::PathBuf;

use runbook_model::answer::Answer;
use runbook_model::change::Invocation;
use runbook_model::failure::Failure;

use super::Site;
use super::environment::{command_env, search_path};
use super::processes::{Job, RunEnd, RunFound, Window};
use super::program::resolve_program;
use crate::keeper::cannot_be_typed;
use crate::secret::known;
use crate::world::{Performed, Recovered};

/// Completes an invocation: the program and the working directory become absolute paths. Blocks.
pub(super) fn prepare(site: &Site, invocation: &Invocation) -> Result<Invocation, Box<Failure>> {
    let program = invocation.argv.first().cloned().unwrap_or_default();
    let refuse = |message: String| Box::new(Failure::NotStarted { program: program.clone(), message });
    if program.is_empty() {
        return Err(refuse("the command has no program: `run` needs at least one word".to_owned()));
    }
    if invocation.argv.iter().any(|word| word.contains('\0')) {
        return Err(refuse("an argument holds a NUL character, which no program can receive".to_owned()));
    }
    if let Some(name) = invocation
        .env
        .iter()
        .chain(&invocation.env_files)
        .find_map(|(name, value)| (name.is_empty() || name.contains(['=', '\0']) || value.contains('\0')).then_some(name))
    {
        return Err(refuse(format!("the variable `{}` cannot be put into an environment", name.escape_debug())));
    }
    if invocation.manner.terminal.is_some()
        && let Some(why) = invocation.stdin.as_deref().and_then(cannot_be_typed)
    {
        return Err(refuse(why));
    }
    let cwd = working_directory(site, invocation);
    if !cwd.is_dir() {
        return Err(refuse(format!("its working directory `{}` does not exist", cwd.display())));
    }
    let path = search_path(&site.env, &invocation.env);
    let found = resolve_program(&program, path, &cwd).map_err(|error| refuse(error.to_string()))?;
    let found = found.into_os_string().into_string().map_err(|_| refuse("its path is not UTF-8".to_owned()))?;
    let cwd = cwd.into_os_string().into_string().map_err(|_| refuse("its working directory is not UTF-8".to_owned()))?;
    let mut prepared = invocation.clone();
    prepared.argv[0] = found;
    prepared.cwd = Some(cwd);
    Ok(prepared)
}

/// The job of a prepared invocation, with its secrets in place.
pub(super) fn job(site: &Site, prepared: &Invocation, only_looks: bool) -> Job {
    Job {
        argv: prepared.argv.clone(),
        env: command_env(&site.env, &site.extra_env, &prepared.env),
        cwd: working_directory(site, prepared),
        stdin: prepared.stdin.clone(),
        grace: site.grace,
        manner: prepared.manner,
        window: Window::default(),
        env_files: prepared.env_files.clone(),
        redact: known::all(),
        only_looks,
        only_asks: false,
        ahead: None,
    }
}

/// What the end of a program means for its step.
pub(super) fn performed(program: &str, end: RunEnd) -> Performed {
    match end {
        RunEnd::Exited(exited) if exited.status.is_success() => Performed::Done(Answer::Exited(exited)),
        RunEnd::Exited(exited) => Performed::Failed(Failure::Exited(exited)),
        RunEnd::NotStarted { message } => Performed::Failed(Failure::NotStarted { program: program.to_owned(), message }),
        RunEnd::Unwritten(unwritten) => Performed::Unwritten(unwritten),
        RunEnd::TimedOut { after, receipt, exited } => Performed::Failed(Failure::TimedOut { after, receipt, exited }),
        RunEnd::Stopped { receipt, exited } => Performed::Failed(Failure::Stopped { receipt, exited }),
        RunEnd::Lost { known } => Performed::InDoubt { known },
    }
}

/// What was found out about a program means for its step.
pub(super) fn recovered(program: &str, found: RunFound) -> Recovered {
    match found {
        RunFound::Ended(RunEnd::Lost { known }) | RunFound::InDoubt { known } => Recovered::InDoubt { known },
        RunFound::Ended(RunEnd::Unwritten(unwritten)) => Recovered::NeverBegun { evidence: unwritten.to_string() },
        RunFound::Ended(end) => Recovered::Ended(performed(program, end)),
        RunFound::NeverBegun { evidence } => Recovered::NeverBegun { evidence },
        RunFound::Unasked { why, may_live } => Recovered::Unasked { why, may_live },
    }
}

fn working_directory(site: &Site, invocation: &Invocation) -> PathBuf {
    invocation.cwd.as_deref().map_or_else(|| site.root.clone(), |cwd| site.absolute(cwd))
}
