//! `runbook seal`: brings the audit trail up to the journals.

use crate::commands::exec::RunPrefix;

/// Bring the audit trail up to date with the journals
#[derive(Debug, clap::Args)]
pub struct Seal {
    /// One run, or a unique prefix of its id; otherwise every run that the trail lags behind
    #[arg(value_name = "RUN")]
    pub run: Option<RunPrefix>,
}
