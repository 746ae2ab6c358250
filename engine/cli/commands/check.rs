//! `runbook check`: reads runbooks like a compiler.

use runbook_runtime::script::Diagnostics;
use serde_json::json;

use crate::arguments::{Format, Globals};
use crate::commands::Place;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::library::Title;
use crate::output;
use crate::output::safe::{self, Colours};

/// Look for mistakes in runbooks without running anything
///
/// Syntax, unknown functions, misspelt options, parameters, imports: each with its place and what to write instead.
#[derive(Debug, clap::Args)]
pub struct Check {
    /// Names of runbooks or paths of `.rhai` files; otherwise all of them
    #[arg(value_name = "NAME")]
    pub runbooks: Vec<String>,
}

/// Reads each runbook, and says what is wrong: to standard error for people, to standard output for programs.
///
/// # Errors
/// A runbook that was named is not there.
pub fn run(check: &Check, place: &Place, globals: &Globals) -> Result<ExitCode, Failure> {
    let library = place.library();
    let titles = match check.runbooks.as_slice() {
        [] => library.titles(),
        named => named.iter().map(|name| library.find(name)).collect::<Result<_, _>>()?,
    };
    let mut broken = 0;
    for title in &titles {
        let wrong = match library.read(title) {
            Ok((program, _)) => match program.without_source(&|name| place.configuration.has_source(name)) {
                Some(orphans) => {
                    broken += 1;
                    Some(orphans)
                }
                None => program.warnings(),
            },
            Err(wrong) => {
                broken += 1;
                Some(wrong)
            }
        };
        if let Some(wrong) = wrong {
            match globals.output {
                Format::Json => output::to_stdout(&json_lines(title, &wrong))?,
                Format::Text => {
                    let coloured = super::on_stderr(globals.color).palette.is_coloured();
                    let colours = if coloured { Colours::Kept } else { Colours::Dropped };
                    output::to_stderr(&format!("{}\n", safe::block(wrong.render(coloured).trim_end().as_bytes(), colours)));
                }
            }
        }
    }
    if globals.output == Format::Text {
        output::to_stderr(&verdict(titles.len(), broken));
    }
    Ok(if broken == 0 { ExitCode::Completed } else { ExitCode::NothingRun })
}

fn json_lines(title: &Title, wrong: &Diagnostics) -> String {
    let line = |diagnostic| format!("{}\n", json!({ "v": 1, "runbook": title.name, "diagnostic": diagnostic }));
    wrong.all.iter().map(line).collect()
}

fn verdict(all: usize, broken: usize) -> String {
    let runbooks = if all == 1 { "1 runbook".to_owned() } else { format!("{all} runbooks") };
    match broken {
        0 => format!("{runbooks} read, no mistakes\n"),
        broken => format!("{runbooks} read, {broken} with mistakes\n"),
    }
}
