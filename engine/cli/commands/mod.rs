//! One verb, one file. This one reads the command line and ends the program.

pub mod answer;
pub mod check;
pub mod completions;
pub mod config;
pub mod demo;
pub mod exec;
pub mod explain;
pub mod help;
pub mod keeper;
pub mod list;
pub mod resolve;
pub mod resume;
pub mod rollback;
pub mod runs;
pub mod seal;
pub mod show;
pub mod verify;

use std::ffi::OsString;

use clap::FromArgMatches as _;

use crate::arguments::{self, Arguments, Globals, Verb, When};
use crate::configuration::{Configuration, Surroundings};
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::logging::Logging;
use crate::output;
use crate::output::screen::Screen;
use crate::workplace::Workplace;

/// Does what the command line asks for, shows what went wrong, and says how to end.
pub fn run(line: impl IntoIterator<Item = OsString>) -> ExitCode {
    let parsed = arguments::command().try_get_matches_from(line).and_then(|matches| Arguments::from_arg_matches(&matches));
    let Arguments { globals, verb } = match parsed {
        Ok(arguments) => arguments,
        Err(error) => return misread(&error),
    };
    match perform(&globals, verb) {
        Ok(exit) => exit,
        Err(failure) => {
            output::to_stderr(&failure.rendered(on_stderr(globals.color).palette));
            failure.exit()
        }
    }
}

fn perform(globals: &Globals, verb: Verb) -> Result<ExitCode, Failure> {
    let here = || Ok::<_, Failure>(Workplace::new(globals, configuration(globals)?));
    match verb {
        Verb::Exec(exec) => exec::run(&exec, &here()?),
        Verb::Resume(resume) => resume::run(&resume, &here()?),
        Verb::Rollback(rollback) => rollback::run(&rollback, &here()?),
        Verb::Resolve(resolve) => resolve::run(&resolve, &here()?),
        Verb::Answer(answer) => answer::run(&answer, &here()?),
        Verb::List(list) => list::run(&list, &here()?),
        Verb::Show(show) => show::run(&show, &here()?),
        Verb::Runs(runs) => runs::run(&runs, &here()?),
        Verb::Verify(verify) => verify::run(&verify, &here()?),
        Verb::Seal(seal) => seal::run(&seal, &here()?),
        Verb::Check(check) => check::run(&check, &here()?),
        Verb::Demo(demo) => demo::run(&demo, globals),
        Verb::DemoService(service) => demo::serve(&service),
        Verb::Keeper(keeper) => keeper::run(&keeper),
        Verb::Completions(completions) => completions::run(&completions).map(completed),
        Verb::Explain(explain) => explain::run(&explain).map(completed),
        Verb::Help(help) => help::run(&help).map(completed),
        Verb::Config(config) => config::run(&config, globals, &configuration(globals)?).map(completed),
    }
}

fn completed((): ()) -> ExitCode {
    ExitCode::Completed
}

/// Reads the configuration, and starts the engine's own log if it wants one.
fn configuration(globals: &Globals) -> Result<Configuration, Failure> {
    let configuration = Configuration::load(&Surroundings::here()?, globals)?;
    let filter = configuration.log_filter.as_ref().map(|filter| filter.value.clone());
    let file = configuration.log_file.as_ref().map(|file| file.value.clone());
    Logging { filter, file }.start()?;
    Ok(configuration)
}

/// What standard error can show.
#[must_use]
pub fn on_stderr(colour: When) -> Screen {
    Screen::of(std::io::stderr(), colour, &|name| std::env::var_os(name))
}

/// What standard output can show.
#[must_use]
pub fn on_stdout(colour: When) -> Screen {
    Screen::of(std::io::stdout(), colour, &|name| std::env::var_os(name))
}

/// Help and version go to standard output and are no mistakes; everything else is one.
fn misread(error: &clap::Error) -> ExitCode {
    let text = error.render();
    let shown = |screen: Screen| if screen.palette.is_coloured() { text.ansi().to_string() } else { text.to_string() };
    if error.use_stderr() {
        output::to_stderr(&shown(on_stderr(When::Auto)));
        return ExitCode::NothingRun;
    }
    match output::to_stdout(&shown(on_stdout(When::Auto))) {
        Ok(()) => ExitCode::Completed,
        Err(failure) => failure.exit(),
    }
}
