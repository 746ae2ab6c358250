//! The options that every verb has.

use std::path::PathBuf;

use crate::output::Format;
use crate::output::screen::When;

/// Options of every verb.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Global options")]
pub struct Globals {
    /// The root of the runbook repository; otherwise the nearest directory upwards with a `runbook.toml`.
    #[arg(long, short = 'C', global = true, value_name = "DIR")]
    pub root: Option<PathBuf>,
    /// Where runs and the audit trail are kept; otherwise `.runbook` below the root.
    #[arg(long, global = true, value_name = "DIR")]
    pub state_dir: Option<PathBuf>,
    /// Do without the remote of the audit trail: nothing is pushed, and nobody is asked whether another machine has the run.
    #[arg(long, global = true)]
    pub offline: bool,
    /// When to use colours. `always`, like `CLICOLOR_FORCE`, shows marks in place of times, too, where there is no terminal.
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub color: When,
    /// `text` for people on standard error; `json` for programs: one record a line on standard output.
    #[arg(long, global = true, value_name = "FORMAT", default_value = "text")]
    pub output: Format,
    /// Append the engine's own log to this file; `RUNBOOK_LOG` says what is logged.
    #[arg(long, global = true, value_name = "FILE")]
    pub log: Option<PathBuf>,
}

impl Globals {
    /// The flags that say where runs are, so that what could be typed next finds them again; empty when none was given.
    #[must_use]
    pub fn flags(&self) -> String {
        let flag = |name: &str, dir: &Option<PathBuf>| {
            dir.as_ref().map(|dir| format!("{name} {}", runbook_model::change::quoted(&dir.to_string_lossy())))
        };
        let flags = [flag("-C", &self.root), flag("--state-dir", &self.state_dir)];
        flags.into_iter().flatten().collect::<Vec<_>>().join(" ")
    }

    /// A command of this program as one would type it here: `runbook VERB …` with the flags that say where.
    #[must_use]
    pub fn typed(&self, verb: &str) -> String {
        match self.flags() {
            flags if flags.is_empty() => format!("runbook {verb}"),
            flags => format!("runbook {flags} {verb}"),
        }
    }
}
