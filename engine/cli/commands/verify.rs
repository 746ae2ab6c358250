//! `runbook verify`: proves the audit trail.

use runbook_model::id::RunId;
use runbook_runtime::audit::verify::{Request, Verified, verify};

use crate::commands::exec::RunPrefix;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::output::{self, safe};
use crate::workplace::Workplace;

/// Prove that nobody edited the audit trail
///
/// Checks the chain of every journal, its sources and outputs, and that the trail only ever grew.
#[derive(Debug, clap::Args)]
pub struct Verify {
    /// One run, or a unique prefix of its id; otherwise all
    #[arg(value_name = "RUN")]
    pub run: Option<RunPrefix>,
    /// The head that you remember: it must be an ancestor of the trail as it is now
    #[arg(long, value_name = "COMMIT")]
    pub since: Option<String>,
}

/// Proves it, or says what does not fit.
///
/// # Errors
/// There is no trail to read, or something in it does not fit.
pub fn run(request: &Verify, workplace: &Workplace<'_>) -> Result<ExitCode, Failure> {
    let Some(state) = workplace.seen()? else {
        output::to_stderr("verified: nothing is sealed yet\n");
        return Ok(ExitCode::Completed);
    };
    let damaged = |text: String| Failure::new(ExitCode::Damaged, text);
    let since = request.since.as_deref();
    let runs = match &request.run {
        Some(prefix) => vec![workplace.run(&state, prefix)?],
        None => state.runs().map_err(|error| Failure::usage(error.to_string()))?,
    };
    let named = request.run.as_ref().and(runs.first().copied());
    // A run that died before its first record left nothing to prove, and neither did one that was to leave nothing.
    let nothing_to_seal = |run: &RunId| {
        let begun = workplace.begun(&state.run(*run));
        begun.is_ok_and(|begun| begun.is_none_or(|(_, run)| run.started().unsealed.is_some()))
    };
    if named.is_none() && !state.audit().exists() && runs.iter().all(nothing_to_seal) {
        output::to_stderr("verified: nothing is sealed yet\n");
        return Ok(ExitCode::Completed);
    }
    let mut verified =
        verify(&state.audit(), &Request { run: named, since, journal: None }).map_err(|error| damaged(error.to_string()))?;
    // Each journal in the state directory must be sound, and extend what is sealed of it.
    let mut local = Vec::new();
    for run in runs {
        let dir = state.run(run);
        let unreadable = workplace.begun(&dir).err();
        let journal = dir.journal();
        let request = Request { run: Some(run), since: None, journal: Some(&journal) };
        let more = match (verify(&state.audit(), &request), unreadable) {
            // What the trail has of a damaged journal says more than that it is damaged.
            (Ok(more), Some(failure)) if more.findings.is_empty() => {
                local.push(failure.to_string());
                more
            }
            (Ok(more), _) => more,
            // One journal that cannot be compared must not hide what is wrong with the others.
            (Err(_), Some(failure)) => {
                local.push(failure.to_string());
                continue;
            }
            (Err(error), None) => return Err(damaged(error.to_string())),
        };
        verified
            .findings
            .extend(more.findings.into_iter().filter(|finding| !verified.findings.contains(finding)).collect::<Vec<_>>());
    }
    local.extend(verified.findings.iter().map(ToString::to_string));
    if local.is_empty() {
        output::to_stderr(&sound(&verified));
        return Ok(ExitCode::Completed);
    }
    let counted = if local.len() == 1 { "1 thing does".to_owned() } else { format!("{} things do", local.len()) };
    Err(damaged(format!("the audit trail cannot be trusted: {counted} not fit")).detail(local.join("\n")))
}

fn counted(n: u64, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") }
}

fn sound(verified: &Verified) -> String {
    let mut text = format!(
        "verified: {}, {}, {}\n",
        counted(verified.runs as u64, "run"),
        counted(verified.records, "record"),
        counted(verified.commits as u64, "commit")
    );
    if let Some(head) = &verified.main_head {
        text.push_str(&format!(
            "main is {}: remember it, and prove later with `runbook verify --since {0}` that nothing was rewritten\n",
            safe::line(head)
        ));
    }
    text
}
