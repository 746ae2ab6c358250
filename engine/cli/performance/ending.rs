//! How the program ends after a session.

use runbook_model::decide::Refusal;
use runbook_model::id::RunId;
use runbook_model::status::RunStatus;
use runbook_runtime::dispatcher::{Finished, Halt, Sealing};
use runbook_runtime::journal::RunDir;

use super::lost;
use super::refused::{locked, unsealable};
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::output;
use crate::sealing;
use crate::workplace::Workplace;

/// How the program ends when there was nothing left to do: with what became of the run. A process that died between the last
/// record and the last commit left it unsealed, and whoever resumes it wants all of it done.
pub(super) fn already(
    workplace: &Workplace<'_>,
    dir: &RunDir,
    run: RunId,
    status: &RunStatus,
    verb: &str,
) -> Result<ExitCode, Failure> {
    let why = if *status == RunStatus::RolledBack && verb == "roll back" { "nothing is owed: " } else { "" };
    output::to_stderr(&format!("{why}run {run} is {} already; there is nothing to {verb}\n", status.word()));
    let unsealed = matches!(workplace.begun(dir)?, Some((_, state)) if state.started().unsealed.is_some());
    if !unsealed {
        sealing::catch_up(workplace, &workplace.state()?, dir)?;
    }
    Ok(ExitCode::of(status))
}

/// How the program ends after a session, having said what the reporters could not know.
pub(super) fn ended(workplace: &Workplace<'_>, dir: &RunDir, finished: &Finished, edit: &str) -> ExitCode {
    let palette = workplace.screen().palette;
    let flags = workplace.globals.flags();
    let exit = match (&finished.status, &finished.halt) {
        // Neither leaves a record behind that a reporter could show.
        (_, Some(halt @ (Halt::Lost(_) | Halt::Illegal(_)))) => {
            let failure = lost::failure(halt, workplace, dir);
            let exit = failure.exit();
            output::to_stderr(&failure.found_by(&flags).rendered(palette));
            exit
        }
        // The end of the anchor says it, with the way out.
        (_, Some(Halt::Fenced(_))) => ExitCode::Refused,
        (RunStatus::Mismatch { .. }, Some(halt)) => {
            let failure = mismatch(halt, edit, finished.worked);
            output::to_stderr(&failure.rendered(palette));
            failure.exit()
        }
        // At a terminal it was shown with the question.
        (status, Some(Halt::InDoubt { known, .. })) => {
            output::to_stderr(&format!("what is known of it: {}\n", output::safe::line(known)));
            ExitCode::of(status)
        }
        (status, Some(halt @ Halt::Unasked { .. })) => {
            output::to_stderr(&format!("{}\n", output::safe::line(&halt.to_string())));
            ExitCode::of(status)
        }
        // A run that was over before, and stays so: its rollback was broken off before it began.
        (_, Some(Halt::Interrupted)) => ExitCode::Interrupted,
        // To give a run up is what was asked for.
        (RunStatus::Abandoned { .. }, _) => ExitCode::Completed,
        (_, Some(Halt::Locked(no))) => {
            output::to_stderr(&locked(no).found_by(&flags).rendered(palette));
            ExitCode::Refused
        }
        // A script that is wrong before its first step has run nothing.
        (RunStatus::Failed { at: None, .. }, _) if !finished.begun => ExitCode::NothingRun,
        (status, _) => ExitCode::of(status),
    };
    match &finished.sealing {
        // The loss of the journal was said already, and it has its own way out.
        Sealing::Behind { .. } | Sealing::Refused { .. }
            if matches!(finished.halt, Some(Halt::Lost(_) | Halt::Illegal(_) | Halt::Fenced(_))) =>
        {
            exit
        }
        Sealing::Refused { why } => {
            let text = format!("the rehearsal cannot be sealed, so the run would not be started: {why}");
            output::to_stderr(&unsealable(text).found_by(&flags).rendered(palette));
            match finished.status {
                RunStatus::Rehearsed { .. } | RunStatus::Unknowable { .. } => ExitCode::Damaged,
                _ => exit,
            }
        }
        Sealing::Behind { why } => {
            let failure = Failure::new(ExitCode::Unsealed, format!("the run is not in the audit trail: {why}"))
                .hint(format!("runbook seal {}", finished.run));
            output::to_stderr(&failure.found_by(&flags).rendered(palette));
            if exit == ExitCode::Completed { ExitCode::Unsealed } else { exit }
        }
        Sealing::Sealed { unsigned: Some(why), .. } => {
            let notice = format!("the end of the run is not signed: {}\n", output::safe::line(why));
            output::to_stderr(&notice);
            exit
        }
        Sealing::Sealed { .. } | Sealing::Waived => exit,
    }
}

/// A script that asks for other steps than the ones that were recorded, with both sides.
fn mismatch(halt: &Halt, edit: &str, worked: bool) -> Failure {
    let what = if worked { "what this session did before stays done" } else { "nothing was run" };
    let mut failure = Failure::new(ExitCode::Refused, format!("journal mismatch, {what}: {halt}"));
    if let Halt::Mismatch(Refusal::OtherStep { recorded, asked, .. }) = halt {
        let shown = |spec: &runbook_model::step::StepSpec| serde_json::to_string_pretty(spec).unwrap_or_default();
        let (old, new) = (recorded.as_deref().map(shown).unwrap_or_default(), shown(asked));
        let diff = similar::TextDiff::from_lines(&old, &new);
        failure = failure.detail(diff.unified_diff().header("recorded", "asked for now").to_string());
    }
    if !edit.is_empty() {
        failure = failure.detail(edit);
    }
    failure.hint(match (edit.is_empty(), worked) {
        (false, false) => "go on with the source that the run was started with: `runbook resume` without `--adopt`",
        (false, true) => "the edit is the run's source now: mend it, and `runbook resume --adopt` again",
        (true, _) => "the script asks for other steps each time; mend it, and `runbook resume --adopt`",
    })
}
