//! `runbook push`: brings the remote of the audit trail up to date.

use runbook_runtime::anchor::{NotAnchored, Remote};

use crate::anchoring::refused;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::operator::Operator;
use crate::output;
use crate::output::Format;
use crate::workplace::Workplace;

/// Bring the remote of the audit trail up to date
///
/// A run pushes by itself; this catches up when the remote was out of reach. Nothing is ever forced.
#[derive(Debug, clap::Args)]
pub struct Push {
    /// The remote, as git takes it; otherwise `remote` of `[audit]`
    #[arg(value_name = "REMOTE")]
    pub remote: Option<String>,
    /// Only say how much is missing there, as far as this machine knows
    #[arg(long)]
    pub status: bool,
}

/// Pushes what is missing.
///
/// # Errors
/// There is no remote, it cannot be reached, or it holds another history.
pub fn run(push: &Push, workplace: &Workplace<'_>) -> Result<ExitCode, Failure> {
    let state = workplace.state()?;
    let remote = match &push.remote {
        Some(named) => Some(workplace.remote_named(&state, named)),
        None => workplace.remote(&state, None),
    };
    let no_remote = || Failure::usage("the audit trail has no remote").hint("in runbook.toml: [audit] remote = \"…\"");
    let remote: Remote = remote.ok_or_else(no_remote)?;
    if !state.audit().exists() {
        output::to_stderr("nothing is sealed yet\n");
        return Ok(ExitCode::Completed);
    }
    if push.status {
        let behind = remote.lag().map_err(|why| refused(&why))?;
        if workplace.globals.output == Format::Json {
            output::to_stdout(&format!("{}\n", serde_json::json!({ "v": 1, "type": "anchored", "behind": behind })))?;
        } else {
            output::to_stderr(&format!("not at the remote: {}\n", branches(behind)));
        }
        return Ok(if behind == 0 { ExitCode::Completed } else { ExitCode::Unsealed });
    }
    let busy = |run| matches!(state.run(run).held(), Ok(Some(_)));
    let pushed = remote.push_all(&Operator::here().person.name, &busy).map_err(|why| match &why {
        NotAnchored::Unreachable { .. } => refused(&why).hint("once it can be reached: runbook push"),
        _ => refused(&why),
    })?;
    if workplace.globals.output == Format::Json {
        let line = serde_json::json!({ "v": 1, "type": "pushed", "branches": pushed.branches, "elsewhere": pushed.elsewhere });
        output::to_stdout(&format!("{line}\n"))?;
        return Ok(ExitCode::Completed);
    }
    output::to_stderr(&format!("pushed: {}\n", branches(pushed.branches)));
    if pushed.elsewhere > 0 {
        output::to_stderr(&format!("left alone, because another machine has them: {}\n", branches(pushed.elsewhere)));
    }
    Ok(ExitCode::Completed)
}

fn branches(n: usize) -> String {
    if n == 1 { "1 branch".to_owned() } else { format!("{n} branches") }
}
