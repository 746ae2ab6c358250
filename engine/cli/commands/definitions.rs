//! `runbook definitions`: the functions, options and modules that a runbook has, for editors.

use std::path::PathBuf;

use runbook_runtime::script::definitions;

use crate::failure::Failure;
use crate::output;
use crate::place::Place;

/// Write definition files for the Rhai language server, so that editors complete and explain
///
/// They say which functions, options and modules there are. Write them again after an update of this program.
#[derive(Debug, clap::Args)]
pub struct Definitions {
    /// Where to; `.rhai/definitions` below the root unless given
    #[arg(value_name = "DIR")]
    pub dir: Option<PathBuf>,
}

/// Writes them. Only files that differ are touched.
///
/// # Errors
/// They cannot be written.
pub fn run(wanted: &Definitions, place: &Place) -> Result<(), Failure> {
    let dir = match &wanted.dir {
        Some(dir) => place.surroundings.cwd.join(dir),
        None => place.configuration.root.value.join(".rhai/definitions"),
    };
    let unwritten = |error: std::io::Error| Failure::usage(format!("cannot write to `{}`: {error}", dir.display()));
    std::fs::create_dir_all(&dir).map_err(unwritten)?;
    let files = definitions();
    for (name, text) in &files {
        let path = dir.join(name);
        if std::fs::read(&path).is_ok_and(|there| there == text.as_bytes()) {
            continue;
        }
        std::fs::write(&path, text).map_err(unwritten)?;
    }
    output::to_stderr(&format!("{} definition files in {}\n", files.len(), dir.display()));
    Ok(())
}
