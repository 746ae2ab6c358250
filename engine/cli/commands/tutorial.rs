//! `runbook tutorial`: a walk through the program in five minutes.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

use runbook_model::person::From;

use crate::commands;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::globals::Globals;
use crate::operator::Operator;
use crate::output;
use crate::output::screen::{Screen, on_stderr};
use crate::tutorial::Place;

/// What stands before each line of output, in columns.
const BAR: usize = 8;

/// A walk through all of it, in five minutes
///
/// Rehearses a small runbook, runs it, kills the engine in the middle, resumes, looks at the trail, and rolls back; for real,
/// in a directory of its own that is gone afterwards. The walk is a runbook, too.
#[derive(Debug, clap::Args)]
pub struct Tutorial {
    /// Play in this directory, new or empty, and keep it; otherwise in a temporary one
    #[arg(value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// Ask nothing
    #[arg(long)]
    pub yes: bool,
}

/// Walks through it.
///
/// # Errors
/// There is nobody to ask, or no place to play in.
pub fn run(tutorial: &Tutorial, globals: &Globals) -> Result<ExitCode, Failure> {
    if !tutorial.yes && Operator::here().person.from != From::Terminal {
        let message = "the tutorial asks before each of its parts, and nobody sits at a terminal here";
        return Err(Failure::usage(message).hint("runbook tutorial --yes"));
    }
    let exe = std::env::current_exe().map_err(|error| Failure::usage(format!("the program cannot find itself: {error}")))?;
    let place = Place::set_up(tutorial.dir.as_deref(), &exe, &inner(on_stderr(globals.color)))?;
    // `--verbose`: what the commands of the tutorial print is what there is to see.
    let words = ["--color", globals.color.word(), "exec", "tutorial", "--verbose"];
    let mut line: Vec<OsString> = vec!["runbook".into(), "-C".into(), place.walk().into_os_string()];
    line.extend(words.map(OsString::from));
    line.extend(tutorial.yes.then(|| "--yes".into()));
    line.extend(tutorial.dir.is_none().then(|| "--fleeting".into()));
    let exit = commands::perform_line(line);
    let next = match (&tutorial.dir, exit) {
        (Some(_), _) => format!("\nall of it is in {}; `runbook show publish` there says more\n", place.dir().display()),
        (None, ExitCode::Completed) => "\nnext: runbook demo  (a real service with a broken release)\n".to_owned(),
        (None, _) => String::new(),
    };
    output::to_stderr(&next);
    Ok(exit)
}

/// What tells the runs inside of the tutorial how to look: they write to pipes, and are read where the tutorial is.
fn inner(screen: Screen) -> BTreeMap<&'static str, String> {
    let flag = |given: bool| if given { "1" } else { "" }.to_owned();
    BTreeMap::from([
        ("CLICOLOR_FORCE", flag(screen.marked)),
        ("NO_COLOR", flag(!screen.palette.is_coloured())),
        ("COLUMNS", screen.width.saturating_sub(BAR).max(1).to_string()),
        ("TERM", std::env::var("TERM").unwrap_or_default()),
    ])
}
