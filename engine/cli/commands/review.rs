//! `runbook review`: says, signed, that somebody has read a run.

use runbook_runtime::dispatcher::Session;

use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::operator::Operator;
use crate::output;
use crate::performance::Performance;
use crate::typed::RunPrefix;
use crate::workplace::Workplace;

/// Sign that you have read what a run did
///
/// The statement goes into the journal and the audit trail. The run itself stays as it is. It needs a key: `[audit] sign`.
#[derive(Debug, clap::Args)]
pub struct Review {
    /// The run: its id, a unique prefix of it, or `last`
    #[arg(value_name = "RUN")]
    pub run: RunPrefix,
}

/// Signs it.
///
/// # Errors
/// There is no key, or the run cannot be taken.
pub fn run(review: &Review, workplace: &Workplace<'_>) -> Result<ExitCode, Failure> {
    let state = workplace.state()?;
    let run = workplace.run(&state, &review.run)?;
    let performance = Performance::of_run(workplace, &state, run, Operator::here())?;
    let Some(signer) = performance.signing.signer.clone() else {
        return Err(Failure::usage("a review is a signature, and there is no key to sign with")
            .hint("in ~/.config/runbook/config.toml: [audit] sign = \"~/.ssh/id_ed25519\" (or \"agent\")"));
    };
    performance.perform(Session::review)?;
    output::to_stderr(&format!("reviewed: run {run}, signed with {}\n", signer.fingerprint()));
    Ok(ExitCode::Completed)
}
