//! `runbook check`: reads runbooks like a compiler.

use runbook_runtime::script::Program;

use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::output;
use crate::workplace::Workplace;
/// Look for mistakes in runbooks without running anything
///
/// Syntax, unknown functions, misspelt options, parameters, imports: each with its place and what to write instead.
#[derive(Debug, clap::Args)]
pub struct Check {
    /// Names of runbooks or paths of `.rhai` files; otherwise all of them
    #[arg(value_name = "NAME")]
    pub runbooks: Vec<String>,
}

/// Checks them.
///
/// # Errors
/// One of them does not load.
pub fn run(check: &Check, workplace: &Workplace) -> Result<ExitCode, Failure> {
    let repository = workplace.repository();
    let cwd = std::env::current_dir().unwrap_or_default();
    let catalogue = workplace.catalogue();
    let files: Vec<_> = if check.runbooks.is_empty() {
        catalogue.iter().map(|(_, file)| file.to_owned()).collect()
    } else {
        let resolve = |named: &String| catalogue.resolve(&workplace.root(), &cwd, named).map(|(_, file)| file);
        check.runbooks.iter().map(resolve).collect::<Result<_, _>>()?
    };
    let colour = workplace.screen().palette.is_coloured();
    let mut broken = 0;
    for file in &files {
        let loaded = Program::load(&repository, file);
        let problems = match loaded {
            Ok(program) => {
                if let Some(warnings) = program.warnings() {
                    output::to_stderr(&format!("{}\n", warnings.render(colour)));
                }
                program.describe().err()
            }
            Err(diagnostics) => Some(diagnostics),
        };
        if let Some(diagnostics) = problems {
            broken += 1;
            output::to_stderr(&format!("{}\n", diagnostics.render(colour)));
        }
    }
    if broken == 0 {
        output::to_stderr(&format!("checked: {}, all of them load\n", counted(files.len())));
        return Ok(ExitCode::Completed);
    }
    Err(Failure::usage(format!("{} of {} cannot be run", broken, counted(files.len()))).hint("runbook explain CODE"))
}

fn counted(files: usize) -> String {
    if files == 1 { "1 runbook".to_owned() } else { format!("{files} runbooks") }
}
