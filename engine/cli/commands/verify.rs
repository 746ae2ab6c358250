//! `runbook verify`: proves the audit trail.

use std::path::{Path, PathBuf};

use runbook_model::id::RunId;
use runbook_runtime::audit::remembered;
use runbook_runtime::audit::verify::{Demanded, Request, Verified, is_known, runs_in, verify};
use runbook_runtime::journal::{LAST, StateDir};

use crate::coverage::Coverage;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::output::Format;
use crate::output::{self, verdict};
use crate::typed::RunPrefix;
use crate::workplace::Workplace;

/// Prove that nobody edited the audit trail
///
/// Checks the chain of every journal, its sources, outputs and signatures, and that the trail only ever grew.
#[derive(Debug, clap::Args)]
pub struct Verify {
    /// One run: its id, a unique prefix of it, or `last`; otherwise all
    #[arg(value_name = "RUN")]
    pub run: Option<RunPrefix>,
    /// The head that you remember: it must be an ancestor of the trail as it is now
    #[arg(long, value_name = "COMMIT")]
    pub since: Option<String>,
    /// A bare clone of an audit repository: it alone is read, and nothing is written
    #[arg(long, value_name = "DIR")]
    pub repo: Option<PathBuf>,
    /// Whose signatures count: a file as `ssh-keygen -Y verify` reads it; otherwise `allowed_signers` of `[audit]`
    #[arg(long, value_name = "FILE")]
    pub allowed_signers: Option<PathBuf>,
    /// Every commit, and whatever a person did, has to be signed
    #[arg(long)]
    pub signed: bool,
}

/// Proves it, or says what does not fit.
///
/// # Errors
/// There is no trail to read, or something in it does not fit.
pub fn run(asked: &Verify, workplace: &Workplace<'_>) -> Result<ExitCode, Failure> {
    let signers = workplace.allowed_signers(asked.allowed_signers.as_deref())?;
    let demanded = if asked.signed { Demanded::everywhere() } else { workplace.demanded() };
    let request = Request { since: asked.since.as_deref(), signers: signers.as_ref(), demanded, ..Request::default() };
    let (verified, local, coverage) = match &asked.repo {
        Some(repository) => of_clone(asked, repository, &request)?,
        None => of_state(asked, workplace, &request)?,
    };
    let findings = local.len() + verified.findings.len();
    if workplace.globals.output == Format::Json {
        output::to_stdout(&verdict::json_lines(&verified, &local, &coverage))?;
        return Ok(if findings == 0 { ExitCode::Completed } else { ExitCode::Damaged });
    }
    if findings == 0 {
        output::to_stderr(&verdict::sound(&verified, signers.is_some()));
        output::to_stderr(&coverage.text());
        return Ok(ExitCode::Completed);
    }
    let lines: Vec<_> = local.into_iter().chain(verified.findings.iter().map(ToString::to_string)).collect();
    let counted = if findings == 1 { "1 thing does".to_owned() } else { format!("{findings} things do") };
    Err(damaged(format!("the audit trail cannot be trusted: {counted} not fit")).detail(lines.join("\n")))
}

fn damaged(text: String) -> Failure {
    Failure::new(ExitCode::Damaged, text)
}

/// A clone alone: no state directory, nothing written.
fn of_clone(asked: &Verify, repository: &Path, request: &Request<'_>) -> Result<(Verified, Vec<String>, Coverage), Failure> {
    not_mistyped(asked, repository)?;
    let failed = |error: runbook_runtime::audit::Unusable| damaged(error.to_string());
    let run = match &asked.run {
        None => None,
        Some(prefix) => {
            let runs = runs_in(repository).map_err(failed)?;
            let newest = runs.iter().max().copied().filter(|_| prefix.0 == LAST);
            let mut fitting = runs
                .into_iter()
                .filter(|run| newest.map_or_else(|| run.to_string().starts_with(&prefix.0), |newest| *run == newest));
            match (fitting.next(), fitting.next()) {
                (Some(run), None) => Some(run),
                (None, _) => return Err(Failure::usage(format!("no run in this trail begins with `{}`", prefix.0))),
                (Some(_), Some(_)) => return Err(Failure::usage(format!("several runs begin with `{}`", prefix.0))),
            }
        }
    };
    Ok((verify(repository, &Request { run, ..request.clone() }).map_err(failed)?, Vec::new(), Coverage::default()))
}

/// The trail of this state directory, and each journal in it: that must be sound, and extend what is sealed of it.
fn of_state(
    asked: &Verify,
    workplace: &Workplace<'_>,
    request: &Request<'_>,
) -> Result<(Verified, Vec<String>, Coverage), Failure> {
    // In a wrong directory, "verified" would be said about nothing.
    let no_trail = || {
        let looked = &workplace.place.configuration.state_dir.value;
        Failure::usage(format!("there is no audit trail: nothing was run with the state directory `{}`", looked.display()))
            .hint("look elsewhere with `-C DIR`, `--state-dir DIR` or `--repo DIR`")
    };
    let state = workplace.seen()?.ok_or_else(no_trail)?;
    let runs = match &asked.run {
        Some(prefix) => vec![workplace.run(&state, prefix)?],
        None => state.runs().map_err(|error| Failure::usage(error.to_string()))?,
    };
    let named = asked.run.as_ref().and(runs.first().copied());
    if named.is_none() && runs.is_empty() && !state.audit().exists() {
        return Err(no_trail());
    }
    if named.is_none() && !state.audit().exists() && runs.iter().all(|run| has_nothing_to_seal(workplace, &state, *run)) {
        output::to_stderr("nothing is sealed yet\n");
        return Ok((Verified::default(), Vec::new(), Coverage::default()));
    }
    not_mistyped(asked, &state.audit())?;
    let head = remembered(&state.audit());
    let request = Request { remembered: head.as_deref(), ..request.clone() };
    let whole = Request { run: named, ..request.clone() };
    let mut verified = verify(&state.audit(), &whole).map_err(|error| damaged(error.to_string()))?;
    let (mut local, mut coverage) = (Vec::new(), Coverage::default());
    if named.is_none() {
        let sealed = runs_in(&state.audit()).map_err(|error| damaged(error.to_string()))?;
        coverage.only_in_trail = sealed.into_iter().filter(|run| !runs.contains(run)).collect();
    }
    for run in runs {
        let dir = state.run(run);
        let begun = workplace.begun(&dir);
        let journal = dir.journal();
        let of_run = Request { run: Some(run), since: None, journal: Some(&journal), ..request.clone() };
        let whole = match &begun {
            Ok(Some((reading, folded))) if folded.started().unsealed.is_none() => reading.records.len() as u64,
            _ => 0,
        };
        let more = match (verify(&state.audit(), &of_run), begun.err()) {
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
        // Whoever is at work on a run seals it as they go.
        if whole > more.records && dir.held().is_ok_and(|held| held.is_none()) {
            coverage.ahead.push((run, whole - more.records));
        }
        let new: Vec<_> = more.findings.into_iter().filter(|finding| !verified.findings.contains(finding)).collect();
        verified.findings.extend(new);
    }
    Ok((verified, local, coverage))
}

/// A part of an id that nothing here begins with is a slip of the finger. A whole one that is not here is an alarm.
fn not_mistyped(asked: &Verify, repository: &Path) -> Result<(), Failure> {
    let Some(since) = &asked.since else { return Ok(()) };
    let is_whole = matches!(since.len(), 40 | 64) && since.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_whole || is_known(repository, since).map_err(|error| damaged(error.to_string()))? {
        return Ok(());
    }
    let message = format!("there is no one commit `{since}` here; nothing was verified");
    Err(Failure::usage(message).hint("give all of the id: one that is gone then counts as a rewritten history"))
}

/// A run that died before its first record left nothing to prove, and neither did one that was to leave nothing.
fn has_nothing_to_seal(workplace: &Workplace<'_>, state: &StateDir, run: RunId) -> bool {
    let begun = workplace.begun(&state.run(run));
    begun.is_ok_and(|begun| begun.is_none_or(|(_, run)| run.started().unsealed.is_some()))
}
