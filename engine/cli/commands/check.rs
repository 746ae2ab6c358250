//! `runbook check`: reads runbooks like a compiler.

use std::collections::BTreeSet;
use std::path::PathBuf;

use runbook_runtime::script::Severity;

use crate::checking::{Findings, Format, Report, Watch};
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::globals::Globals;
use crate::output;
use crate::output::safe::{self, Colours};
use crate::output::screen::on_stderr;
use crate::place::Place;

/// Look for mistakes in runbooks without running anything
///
/// Syntax, functions and their arguments, options and what they hold, parameters, looks outside of checks, steps that are never
/// reached, missing ways back, alerts that two runbooks serve: each with its place and what to write instead.
#[derive(Debug, clap::Args)]
pub struct Check {
    /// Names of runbooks or paths of `.rhai` files; otherwise all of them
    #[arg(value_name = "NAME")]
    pub runbooks: Vec<String>,
    /// For whom the findings are written; `json` with `--output json`, otherwise `text`
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<Format>,
    /// Let warnings count like errors
    #[arg(long)]
    pub strict: bool,
    /// Check again whenever a file of the repository changes, until Ctrl-C
    #[arg(long)]
    pub watch: bool,
}

/// Reads each runbook, and says what is wrong: to standard error for people, to standard output for programs.
///
/// # Errors
/// A runbook that was named is not there, there is none at all, or the repository cannot be watched.
pub fn run(check: &Check, place: Place, globals: &Globals) -> Result<ExitCode, Failure> {
    if !check.watch {
        return once(check, &place, globals);
    }
    let mut place = place;
    loop {
        // The watch comes before the look: what is written in between is seen by the next round.
        let watch = Watch::begin(&place.configuration.root.value).map_err(|error| Failure::usage(error.to_string()))?;
        // Editors that run this as a task know by these words where a round begins and ends.
        output::to_stderr("checking\n");
        if let Err(failure) = once(check, &place, globals) {
            say(globals, &failure);
        }
        watch.wait().map_err(|error| Failure::usage(error.to_string()))?;
        output::to_stderr("\n");
        match Place::of(globals) {
            Ok(fresh) => place = fresh,
            Err(failure) => say(globals, &failure),
        }
    }
}

fn say(globals: &Globals, failure: &Failure) {
    output::to_stderr(&failure.rendered(on_stderr(globals.color).palette));
}

fn once(check: &Check, place: &Place, globals: &Globals) -> Result<ExitCode, Failure> {
    let library = place.library();
    let titles = library.chosen(&check.runbooks)?;
    let allowed: BTreeSet<_> = place.configuration.allowed.keys().cloned().collect();
    let root = &place.configuration.root.value;
    let report = Report::of(&library, root, &titles, &allowed, &|secret| place.configuration.has_source(secret));
    let format = check.format.unwrap_or(match globals.output {
        output::Format::Json => Format::Json,
        output::Format::Text => Format::Text,
    });
    // Below the working directory, names start there: a code host knows nothing of our root.
    let prefix = root.strip_prefix(&place.surroundings.cwd).map_or_else(|_| PathBuf::new(), PathBuf::from);
    match format.written(&report, &prefix) {
        Some(text) => output::to_stdout(&text)?,
        None => report.findings.iter().for_each(|found| show(found, globals)),
    }
    if format == Format::Text || check.watch {
        output::to_stderr(&report.verdict());
    }
    let wrong = report.count(Severity::Error) + if check.strict { report.count(Severity::Warning) } else { 0 };
    Ok(if wrong == 0 { ExitCode::Completed } else { ExitCode::NothingRun })
}

fn show(found: &Findings, globals: &Globals) {
    let coloured = on_stderr(globals.color).palette.is_coloured();
    let colours = if coloured { Colours::Kept } else { Colours::Dropped };
    let text = found.diagnostics.render(coloured);
    output::to_stderr(&format!("{}\n\n", safe::block(text.trim_end().as_bytes(), colours)));
}
