//! Every step fails in turn.

use runbook_model::entry::Entry;
use runbook_model::path::StepPath;
use runbook_model::status::RunStatus;
use runbook_model::step::{OnFailure, StepKind};

use super::baseline::because;
use super::crashing::{tried_again, way_back};
use super::oracle::{self, Deed};
use super::swept::{Breach, Judged};
use super::trial::{Ended, Trial};
use super::{Baseline, Subject, Swept};

type Held = Result<(), Box<Breach>>;

/// Lets each command fail at every attempt, each question be answered with no, and each change of the rollback fail once.
///
/// After a failure nothing more may happen but what the runbook declares: the run stops and can be resumed, or rolls back.
/// Resumed when the cause is mended, it ends as if nothing had happened; rolled back, exactly what took effect is rolled
/// back. A failure that the script catches is its own affair, as long as nothing happens twice.
///
/// # Errors
/// The runs cannot be kept.
pub fn fail_each_step(subject: &Subject, baseline: &Baseline) -> Result<Swept, std::io::Error> {
    let mut swept = Swept::default();
    for path in baseline.commands() {
        for mended in [true, false] {
            let world = (subject.world)().breaks(&path, u32::MAX);
            let mut trial = Trial::new(subject, &baseline.scratch, world)?;
            let mut judged = Judged::default();
            judged.take(failed(&mut trial, baseline, &path, mended));
            let then = if mended { "mended and resumed" } else { "rolled back" };
            swept.count(|| format!("`{path}` failed, then {then}"), judged);
        }
    }
    for path in baseline.confirms() {
        let mut trial = Trial::new(subject, &baseline.scratch, (subject.world)().declines(&path))?;
        let mut judged = Judged::default();
        judged.take(declined(&mut trial, baseline, &path));
        swept.count(|| format!("`{path}` was answered with no, then asked again"), judged);
    }
    let back = baseline.back.as_ref().map(|back| back.deeds.as_slice()).unwrap_or_default();
    for deed in back {
        let mut trial = Trial::new(subject, &baseline.scratch, (subject.world)().breaks(&deed.path, 1))?;
        let mut judged = Judged::default();
        judged.take(stuck(&mut trial, baseline, deed, back));
        swept.count(|| format!("`{}` failed once", deed.path), judged);
    }
    Ok(swept)
}

/// A command that fails at every attempt.
fn failed(trial: &mut Trial<'_>, baseline: &Baseline, path: &StepPath, mended: bool) -> Held {
    let ended = trial.exec(None);
    let deeds = trial.deeds();
    oracle::never_twice(&deeds, &baseline.idempotent)?;
    let status = status(trial, baseline, &ended)?;
    let stopped_here = matches!(&status, RunStatus::Failed { at: Some(at), .. } if at == path);
    // Somebody else may have failed behind a failure that was caught: whoever was tried last is why a run turned around.
    let tried_last = baseline.order.is_last(path, &oracle::forward(&deeds));
    let rolled_back = status == RunStatus::RolledBack && baseline.on_failure == OnFailure::Rollback && tried_last;
    if !stopped_here && !rolled_back {
        // The script caught it. Whatever it did then is rolled back like anything else.
        return match status {
            RunStatus::Stuck { .. } | RunStatus::InDoubt { .. } | RunStatus::Interrupted => {
                wrong(trial, baseline, &format!("the run ended `{}`{}", status.word(), because(&status)))
            }
            RunStatus::RolledBack => way_back(trial, baseline, true),
            _ => turned(trial, baseline),
        };
    }
    let forwards = oracle::effects(&oracle::forward(&deeds));
    let expected = oracle::forward(&baseline.deeds);
    let expected: Vec<_> = expected.into_iter().filter(|deed| deed.done || deed.path == *path).collect();
    let why = "something else was done before or behind the step that failed";
    oracle::stopped_at(&baseline.order, why, path, &expected, &forwards)?;
    attempts(trial, path, &deeds)?;
    if rolled_back {
        return way_back(trial, baseline, true);
    }
    if baseline.on_failure == OnFailure::Rollback {
        return wrong(trial, baseline, "the runbook says `on_failure: \"rollback\"`, and the run stopped instead");
    }
    if !mended {
        return turned(trial, baseline);
    }
    trial.world().mend();
    let ended = trial.resume(None);
    self::status(trial, baseline, &ended).and_then(|status| {
        if status.word() != baseline.status.word() {
            return wrong(trial, baseline, &format!("resumed, it ended `{}`{}", status.word(), because(&status)));
        }
        let (expected, found) = (oracle::effects(&baseline.deeds), oracle::effects(&trial.deeds()));
        oracle::exactly(&baseline.order, "resumed, it made other changes than the undisturbed run", &expected, &found, &[])
    })
}

/// As many attempts as the author allows, no more and no less.
fn attempts(trial: &Trial<'_>, path: &StepPath, deeds: &[Deed]) -> Held {
    let allowed = trial.records().iter().find_map(|record| match &record.entry {
        Entry::StepIntended(intent) if intent.path == *path => match &intent.spec.kind {
            StepKind::Command(command) => Some(1 + command.retry.map_or(0, |retry| retry.times as usize)),
            _ => None,
        },
        _ => None,
    });
    let made: Vec<_> = deeds.iter().filter(|deed| deed.path == *path).cloned().collect();
    if Some(made.len()) == allowed {
        return Ok(());
    }
    let why = format!("`{path}` had {} attempts, and {} are allowed", made.len(), allowed.unwrap_or(0));
    oracle::breach(why, Vec::new(), oracle::shown(&made))
}

fn turned(trial: &mut Trial<'_>, baseline: &Baseline) -> Held {
    let ended = trial.roll_back(None);
    match tried_again(trial, ended) {
        Ended::Status(RunStatus::RolledBack) => way_back(trial, baseline, true),
        ended => {
            let status = status(trial, baseline, &ended)?;
            wrong(trial, baseline, &format!("its rollback ended `{}`{}", status.word(), because(&status)))
        }
    }
}

fn declined(trial: &mut Trial<'_>, baseline: &Baseline, path: &StepPath) -> Held {
    let ended = trial.exec(None);
    let status = status(trial, baseline, &ended)?;
    if !matches!(&status, RunStatus::Declined { at } if at == path) {
        // Caught by the script, or rolled back because it says so.
        return oracle::never_twice(&trial.deeds(), &baseline.idempotent);
    }
    oracle::at_most(
        &baseline.order,
        "something was done behind a question that was answered with no",
        &baseline.deeds,
        &trial.deeds(),
    )?;
    trial.world().mend();
    match trial.resume(None) {
        Ended::Status(status) if status.word() == baseline.status.word() => {
            oracle::exactly(&baseline.order, "asked again, it made other changes", &baseline.deeds, &trial.deeds(), &[])
        }
        ended => {
            let status = self::status(trial, baseline, &ended)?;
            wrong(trial, baseline, &format!("asked again, it ended `{}`{}", status.word(), because(&status)))
        }
    }
}

/// A change of the rollback that fails once.
fn stuck(trial: &mut Trial<'_>, baseline: &Baseline, deed: &Deed, back: &[Deed]) -> Held {
    trial.exec(None);
    let ended = trial.roll_back(None);
    let status = status(trial, baseline, &ended)?;
    let expected = oracle::effects(back);
    match status {
        RunStatus::Stuck { at, .. } if at == deed.path => {
            let found = oracle::backward(&trial.deeds());
            let why = "the rollback went on behind the change that failed";
            oracle::stopped_at(&baseline.order, why, &deed.path, &expected, &found)?;
        }
        // A block of the script may catch it, or have it tried again.
        RunStatus::RolledBack => return oracle::never_twice(&trial.deeds(), &baseline.idempotent),
        status => return wrong(trial, baseline, &format!("its rollback ended `{}`{}", status.word(), because(&status))),
    }
    let ended = trial.roll_back(None);
    match tried_again(trial, ended) {
        Ended::Status(RunStatus::RolledBack) => {
            let found = oracle::backward(&trial.deeds());
            oracle::exactly(&baseline.order, "tried again, the rollback is another one", &expected, &found, &[])
        }
        ended => {
            let status = self::status(trial, baseline, &ended)?;
            wrong(trial, baseline, &format!("tried again, its rollback ended `{}`{}", status.word(), because(&status)))
        }
    }
}

fn status(trial: &Trial<'_>, baseline: &Baseline, ended: &Ended) -> Result<RunStatus, Box<Breach>> {
    let why = match ended {
        Ended::Status(status) => return Ok(status.clone()),
        Ended::Fault(fault) => format!("the engine failed: {fault}"),
        Ended::Died => "the engine died".to_owned(),
    };
    Err(Box::new(Breach { why, expected: oracle::shown(&baseline.deeds), found: oracle::shown(&trial.deeds()) }))
}

fn wrong(trial: &Trial<'_>, baseline: &Baseline, why: &str) -> Held {
    oracle::breach(why.to_owned(), oracle::shown(&baseline.deeds), oracle::shown(&trial.deeds()))
}
