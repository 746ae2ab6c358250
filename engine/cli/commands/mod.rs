//! One verb, one file. This one reads the command line and ends the program.

pub mod abandon;
pub mod alerts;
pub mod answer;
pub mod arguments;
pub mod behalf;
pub mod check;
pub mod completions;
pub mod config;
pub mod confined;
pub mod courier;
pub mod definitions;
pub mod demo;
pub mod diff;
pub mod doctor;
pub mod exec;
pub mod explain;
pub mod fetch;
pub mod help;
pub mod import;
pub mod keeper;
pub mod link;
pub mod list;
pub mod man;
pub mod new;
pub mod open;
pub mod push;
pub mod report;
pub mod resolve;
pub mod resume;
pub mod review;
pub mod rollback;
pub mod runs;
pub mod seal;
pub mod serve;
pub mod show;
pub mod test;
pub mod tutorial;
pub mod verify;

use std::ffi::OsString;
use std::mem::ManuallyDrop;

use clap::FromArgMatches as _;
use clap::error::ErrorKind;
use runbook_runtime::script;

use self::arguments::{Arguments, Verb};
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::globals::Globals;
use crate::history::History;
use crate::itself;
use crate::output;
use crate::output::screen::{Screen, When, on_stderr, on_stdout};
use crate::place::Place;
use crate::workplace::Workplace;

/// Does what the command line asks for, shows what went wrong, and says how to end.
pub fn run(line: impl IntoIterator<Item = OsString>) -> std::process::ExitCode {
    let line: Vec<_> = line.into_iter().collect();
    // One is started for each run and one for each command on a host, and somebody waits for both: the whole command line takes
    // longer to set up than they do.
    match line.as_slice() {
        [_, verb, dir] if verb == itself::KEEPER && !dir.as_encoded_bytes().starts_with(b"-") => {
            return keeper::run(&keeper::Keeper { dir: dir.into() });
        }
        [_, verb] if verb == itself::COURIER => return courier::run(&courier::Courier {}),
        _ => {}
    }
    // The verb is not known yet; options with their values may stand before it.
    if line.iter().skip(1).take(5).any(|word| ["exec", "resume", "check", "test"].iter().any(|reader| word == reader)) {
        script::make_ready();
    }
    if line.get(1).is_some_and(|verb| verb == completions::VERB) {
        return completions::complete(&line).map_or_else(|failure| failure.exit(), |()| ExitCode::Completed).into();
    }
    match parsed(line) {
        // The keeper speaks to its engine only, with codes of their own.
        Ok(Arguments { verb: Verb::Keeper(keeper), .. }) => keeper::run(&keeper),
        Ok(Arguments { verb: Verb::Courier(courier), .. }) => courier::run(&courier),
        Ok(Arguments { verb: Verb::Behalf(_), .. }) => behalf::run().into(),
        // Nor has what it becomes anything to do with a configuration.
        Ok(Arguments { verb: Verb::Confined(confined), .. }) => confined::run(&confined),
        Ok(arguments) => performed(arguments).into(),
        Err(error) => misread(&error).into(),
    }
}

/// Does what a command line asks for that this program has made itself.
pub(crate) fn perform_line(line: impl IntoIterator<Item = OsString>) -> ExitCode {
    parsed(line).map_or_else(|error| misread(&error), performed)
}

fn parsed(line: impl IntoIterator<Item = OsString>) -> Result<Arguments, clap::Error> {
    let line: Vec<_> = line.into_iter().collect();
    // Kept until the process ends: to take all that apart again takes a tenth of a millisecond.
    let mut reader = ManuallyDrop::new(arguments::reader(&line));
    match reader.try_get_matches_from_mut(&line) {
        Err(error) if error.kind() == ErrorKind::DisplayVersion => Err(error),
        // What is said of a mistake, and in help, names all verbs.
        Err(_) => arguments::command().try_get_matches_from(line),
        read => read,
    }
    .and_then(|matches| Arguments::from_arg_matches(&matches))
}

fn performed(Arguments { globals, verb }: Arguments) -> ExitCode {
    perform(&globals, verb).unwrap_or_else(|failure| {
        let failure = failure.found_by(&globals.flags());
        output::to_stderr(&failure.rendered(on_stderr(globals.color).palette));
        failure.exit()
    })
}

fn perform(globals: &Globals, verb: Verb) -> Result<ExitCode, Failure> {
    let workplace = || Place::of(globals).map(|place| Workplace { globals, place });
    match verb {
        Verb::Exec(exec) => return exec::run(&exec, &workplace()?),
        Verb::Resume(resume) => return resume::run(&resume, &workplace()?),
        Verb::Rollback(rollback) => return rollback::run(&rollback, &workplace()?),
        Verb::Resolve(resolve) => return resolve::run(&resolve, &workplace()?),
        Verb::Abandon(abandon) => return abandon::run(&abandon, &workplace()?),
        Verb::Answer(answer) => return answer::run(&answer, &workplace()?),
        Verb::Verify(verify) => return verify::run(&verify, &workplace()?),
        Verb::Review(review) => return review::run(&review, &workplace()?),
        Verb::Push(push) => return push::run(&push, &workplace()?),
        Verb::Fetch(fetch) => return fetch::run(&fetch, &workplace()?),
        Verb::Seal(seal) => return seal::run(&seal, &workplace()?),
        Verb::Check(check) => return check::run(&check, Place::of(globals)?, globals),
        Verb::Alerts(wanted) => return alerts::run(&wanted, &Place::of(globals)?, globals),
        Verb::Link(link) => return link::run(&link, &Place::of(globals)?),
        Verb::Open(open) => return open::run(&open, &Place::of(globals)?, globals),
        Verb::New(new) => return new::run(&new, &Place::of(globals)?),
        Verb::Import(wanted) => return import::run(&wanted, &Place::of(globals)?),
        Verb::Test(test) => return test::run(&test, &workplace()?),
        Verb::Serve(serve) => return serve::run(&serve, globals),
        Verb::Doctor(_) => return doctor::run(globals),
        Verb::Demo(demo) => return demo::run(&demo, globals),
        Verb::Tutorial(tutorial) => return tutorial::run(&tutorial, globals),
        Verb::Runs(runs) => {
            let history = History::open(&Place::of(globals)?.configuration)?;
            return runs::run(&runs, history.as_ref(), globals);
        }
        Verb::Diff(diff) => {
            let history = History::open(&Place::of(globals)?.configuration)?;
            return diff::run(&diff, history.as_ref(), globals);
        }
        Verb::Report(report) => {
            let history = History::open(&Place::of(globals)?.configuration)?;
            return report::run(&report, history.as_ref(), globals);
        }
        Verb::Show(show) => {
            let place = Place::of(globals)?;
            return show::run(&show, &place, History::open(&place.configuration)?.as_ref(), globals);
        }
        Verb::Definitions(wanted) => definitions::run(&wanted, &Place::of(globals)?)?,
        Verb::List(_) => list::run(&Place::of(globals)?.library(), globals)?,
        Verb::Completions(completions) => completions::run(&completions)?,
        Verb::Man(man) => man::run(&man)?,
        Verb::Explain(explain) => explain::run(&explain)?,
        Verb::Help(help) => help::run(&help)?,
        Verb::Config(config) => config::run(&config, globals, &Place::of(globals)?.configuration)?,
        Verb::DemoService(service) => demo::serve(&service, globals)?,
        // Taken care of before: it has exit codes of its own.
        Verb::Keeper(_) | Verb::Courier(_) | Verb::Confined(_) | Verb::Behalf(_) => {}
    }
    Ok(ExitCode::Completed)
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
