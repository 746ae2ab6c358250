//! `runbook alerts`: rule files of alerts, and the links in them.

mod check;
mod link;

use clap::Subcommand;

use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::globals::Globals;
use crate::place::Place;

/// Check the links of alerts, or add those that are missing
#[derive(Debug, clap::Args)]
#[command(disable_help_subcommand = true, arg_required_else_help = true)]
pub struct Alerts {
    /// What to do
    #[command(subcommand)]
    pub what: What,
}

/// What to do with rule files.
#[derive(Debug, Subcommand)]
#[expect(missing_docs, reason = "the help text of each is the doc comment of its type")]
pub enum What {
    Check(check::Check),
    Link(link::Link),
}

/// Does it.
///
/// # Errors
/// As the part says.
pub fn run(alerts: &Alerts, place: &Place, globals: &Globals) -> Result<ExitCode, Failure> {
    match &alerts.what {
        What::Check(wanted) => check::run(wanted, place, globals),
        What::Link(wanted) => link::run(wanted, place, globals),
    }
}
