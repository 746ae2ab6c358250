//! `runbook man`: the manual as pages for `man`, from the command line's own definition and the pages of the reference.

mod pages;
mod sections;

use std::fs;
use std::path::PathBuf;

use runbook_model::change::quoted;

use crate::failure::Failure;
use crate::output;

pub use pages::{Page, pages};

/// Write the manual as pages for `man`
///
/// One page for the program and one for each verb: `man runbook-exec`. A directory `man1` below one of `manpath` is where
/// they are looked for, such as `~/.local/share/man/man1`. Pages of before are replaced.
#[derive(Debug, clap::Args)]
pub struct Man {
    /// Where to write them; it is made if need be
    #[arg(value_name = "DIR")]
    pub dir: PathBuf,
}

/// Writes them.
///
/// # Errors
/// The directory cannot be made, or not be written to.
pub fn run(man: &Man) -> Result<(), Failure> {
    let dir = &man.dir;
    let failed = |error: std::io::Error| Failure::usage(format!("cannot write pages into `{}`: {error}", dir.display()));
    fs::create_dir_all(dir).map_err(failed)?;
    let pages = pages().map_err(failed)?;
    for page in &pages {
        fs::write(dir.join(&page.file), &page.text).map_err(failed)?;
    }
    let shown = dir.join("runbook.1");
    let shown = quoted(&shown.to_string_lossy());
    output::to_stdout(&output::safe::line(&format!(
        "{} pages are in {}; to read one: man -l {shown}",
        pages.len(),
        dir.display()
    )))?;
    output::to_stdout("\n")
}
