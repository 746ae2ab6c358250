//! The engine dies at every boundary in turn, and a new one goes on.

use std::collections::BTreeMap;

use runbook_model::entry::{Entry, Record};
use runbook_model::path::StepPath;
use runbook_model::status::RunStatus;
use runbook_model::step::Command;

use super::baseline::{MOST_STUCK, because};
use super::death::{Death, boundaries};
use super::oracle::{self, Deed};
use super::order::Order;
use super::swept::Judged;
use super::trial::{Ended, Trial};
use super::{Baseline, Subject, Swept};
use crate::world::scripted::Recovery;

/// What is done with a run whose engine died.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Then {
    /// It goes on where it was.
    Resume,
    /// It is rolled back.
    RollBack,
}

const RECOVERIES: [Recovery; 2] = [Recovery::KeeperKnows, Recovery::InDoubt];

/// Kills the engine behind every record, in front of every call of the world and behind every effect, forwards and in
/// rollback; once with somebody who knows what became of the step in flight, and once with nobody. Each run is then
/// resumed, and each that went forwards is also rolled back instead.
///
/// # Errors
/// The runs cannot be kept.
pub fn crash_matrix(subject: &Subject, baseline: &Baseline) -> Result<Swept, std::io::Error> {
    let mut swept = Swept::default();
    for death in boundaries(0..baseline.records(), baseline.extent.calls, &baseline.extent.performs) {
        for recovery in RECOVERIES {
            for then in [Then::Resume, Then::RollBack] {
                swept += forwards(subject, baseline, death, recovery, then)?;
            }
        }
    }
    let Some(back) = &baseline.back else { return Ok(swept) };
    for death in boundaries(back.records.clone(), back.extent.calls, &back.extent.performs) {
        for recovery in RECOVERIES {
            swept += backwards(subject, baseline, &back.deeds, death, recovery)?;
        }
    }
    Ok(swept)
}

/// One death on the way forwards.
pub(super) fn forwards(
    subject: &Subject,
    baseline: &Baseline,
    death: Death,
    recovery: Recovery,
    then: Then,
) -> Result<Swept, std::io::Error> {
    let mut swept = Swept::default();
    let mut trial = Trial::new(subject, &baseline.scratch, (subject.world)().recovery(recovery))?;
    // A boundary that the run does not come to any more: a promise of time is noted when a real clock ticks.
    if trial.exec(Some(death)) != Ended::Died {
        return Ok(swept);
    }
    let crash = Crash::at(&trial);
    let mut judged = Judged::default();
    if crash.records.is_empty() {
        judged.take(oracle::exactly(&baseline.order, "the run never began and changed something", &[], &trial.deeds(), &[]));
    } else {
        match then {
            Then::Resume => resumed(&mut trial, baseline, &crash, recovery, &mut judged),
            Then::RollBack => rolled_back(&mut trial, baseline, &crash, recovery, &mut judged),
        }
    }
    let then = if then == Then::Resume { "resumed" } else { "rolled back" };
    swept.count(|| format!("killed {death} ({}), {}, then {then}", crash.last(), knows(recovery)), judged);
    Ok(swept)
}

/// One death on the way back.
fn backwards(
    subject: &Subject,
    baseline: &Baseline,
    back: &[Deed],
    death: Death,
    recovery: Recovery,
) -> Result<Swept, std::io::Error> {
    let mut swept = Swept::default();
    let mut trial = Trial::new(subject, &baseline.scratch, (subject.world)().recovery(recovery))?;
    trial.exec(None);
    if trial.roll_back(Some(death)) != Ended::Died {
        return Ok(swept);
    }
    let crash = Crash::at(&trial);
    let mut judged = Judged::default();
    let ended = to_the_end(&mut trial, Then::RollBack, &crash, &baseline.order, recovery, &mut judged);
    if ended == Ended::Status(RunStatus::RolledBack) {
        let deeds = trial.deeds();
        judged.take(oracle::exactly(&baseline.order, "it went forwards again", &baseline.deeds, &oracle::forward(&deeds), &[]));
        let repeated = crash.repeated(recovery);
        let expected = oracle::effects(back);
        judged.take(oracle::exactly(
            &baseline.order,
            "the rollback is another one",
            &expected,
            &oracle::backward(&deeds),
            &repeated,
        ));
    } else {
        judged.take(unexpected(&trial, "rolled back", &ended, baseline));
    }
    swept.count(|| format!("rolled back, killed {death} ({}), {}, then gone on with", crash.last(), knows(recovery)), judged);
    Ok(swept)
}

fn resumed(trial: &mut Trial<'_>, baseline: &Baseline, crash: &Crash, recovery: Recovery, judged: &mut Judged) {
    let ended = to_the_end(trial, Then::Resume, crash, &baseline.order, recovery, judged);
    let deeds = trial.deeds();
    judged.take(oracle::never_twice(&deeds, &baseline.idempotent));
    // When nobody knows about an attempt that failed, another one is due and may succeed: the run may take another way.
    let other_way = recovery == Recovery::InDoubt && !baseline.is_steady();
    match ended {
        Ended::Status(status) if status.word() == baseline.status.word() && !other_way => {
            let repeated = crash.repeated(recovery);
            judged.take(oracle::exactly(
                &baseline.order,
                "other changes than in the undisturbed run",
                &baseline.deeds,
                &deeds,
                &repeated,
            ));
        }
        // A step that is settled gives the script no result; one that needs it says so and ends.
        Ended::Status(RunStatus::Failed { at: None, .. }) if recovery == Recovery::InDoubt && !crash.in_flight.is_empty() => {
            judged.take(oracle::at_most(&baseline.order, "other changes than in the undisturbed run", &baseline.deeds, &deeds));
        }
        Ended::Status(_) if other_way => {}
        ended => judged.take(unexpected(trial, baseline.status.word(), &ended, baseline)),
    }
    if oracle::backward(&deeds).is_empty() {
        return;
    }
    judged.take(way_back(trial, baseline, trial_finished(&trial.records())));
}

fn rolled_back(trial: &mut Trial<'_>, baseline: &Baseline, crash: &Crash, recovery: Recovery, judged: &mut Judged) {
    let before = oracle::forward(&trial.deeds());
    let ended = to_the_end(trial, Then::RollBack, crash, &baseline.order, recovery, judged);
    let deeds = trial.deeds();
    judged.take(oracle::never_twice(&deeds, &baseline.idempotent));
    judged.take(oracle::exactly(
        &baseline.order,
        "it went forwards while it was rolled back",
        &before,
        &oracle::forward(&deeds),
        &[],
    ));
    match ended {
        Ended::Status(RunStatus::RolledBack) => judged.take(way_back(trial, baseline, true)),
        ended => judged.take(unexpected(trial, "rolled back", &ended, baseline)),
    }
}

/// That what was rolled back is what took effect, newest first; up to some point when the rollback is not finished.
pub(super) fn way_back(trial: &Trial<'_>, baseline: &Baseline, finished: bool) -> Result<(), Box<super::swept::Breach>> {
    let (records, deeds) = (trial.records(), trial.deeds());
    let expected = oracle::way_back(&records, &deeds, &baseline.blocks);
    let found = once(oracle::backward(&deeds), baseline);
    let why = "what was rolled back is not what took effect, newest first";
    if finished {
        oracle::exactly(&baseline.order, why, &expected, &found, &[])
    } else {
        oracle::at_most(&baseline.order, why, &expected, &found)
    }
}

/// Leaves out repetitions of what may be repeated.
fn once(deeds: Vec<Deed>, baseline: &Baseline) -> Vec<Deed> {
    let mut once: Vec<Deed> = Vec::new();
    for deed in deeds {
        if once.last() != Some(&deed) || !baseline.idempotent.contains(&deed.path) {
            once.push(deed);
        }
    }
    once
}

/// Goes on with a run until it ends; says what really happened when the engine has to ask.
fn to_the_end(trial: &mut Trial<'_>, then: Then, crash: &Crash, order: &Order, recovery: Recovery, judged: &mut Judged) -> Ended {
    if let Some(status) = ended_before(&trial.records(), then) {
        return Ended::Status(status);
    }
    let before = trial.deeds();
    let mut ended = go_on(trial, then);
    // One after the other, when several branches were in the middle of something.
    for _ in 0..crash.in_flight.len().max(1) {
        let Ended::Status(RunStatus::InDoubt { at }) = &ended else { break };
        let at = at.clone();
        judged.in_doubt = true;
        judged.take(crash.doubt(order, &at, recovery, then, &before, &trial.deeds()));
        ended = match trial.resolve(&at) {
            Ended::Status(_) => go_on(trial, then),
            fault => fault,
        };
    }
    tried_again(trial, ended)
}

/// Tries a rollback again as long as a change of it fails, as a person would.
pub(super) fn tried_again(trial: &mut Trial<'_>, mut ended: Ended) -> Ended {
    for _ in 0..MOST_STUCK {
        if !matches!(ended, Ended::Status(RunStatus::Stuck { .. })) {
            break;
        }
        ended = trial.roll_back(None);
    }
    ended
}

fn go_on(trial: &mut Trial<'_>, then: Then) -> Ended {
    let turned = trial.records().iter().any(|record| matches!(record.entry, Entry::RollbackStarted { .. }));
    // Once a run goes backwards both verbs mean the same: they take turns here.
    let resume = if turned { trial.records().len().is_multiple_of(2) } else { then == Then::Resume };
    if resume { trial.resume(None) } else { trial.roll_back(None) }
}

/// What a run is that needs no going on: the engine died behind its last word.
fn ended_before(records: &[Record], then: Then) -> Option<RunStatus> {
    match records.last().map(|record| &record.entry) {
        Some(Entry::SessionEnded { status }) if then == Then::Resume || *status == RunStatus::RolledBack => Some(status.clone()),
        _ => None,
    }
}

fn trial_finished(records: &[Record]) -> bool {
    matches!(records.last().map(|record| &record.entry), Some(Entry::SessionEnded { status: RunStatus::RolledBack }))
}

fn unexpected(trial: &Trial<'_>, wanted: &str, ended: &Ended, baseline: &Baseline) -> Result<(), Box<super::swept::Breach>> {
    let why = match ended {
        Ended::Status(status) => format!("the run ended `{}`{}, not `{wanted}`", status.word(), because(status)),
        Ended::Fault(fault) => format!("the engine failed: {fault}"),
        Ended::Died => "the engine died again".to_owned(),
    };
    oracle::breach(why, oracle::shown(&baseline.deeds), oracle::shown(&trial.deeds()))
}

/// Whether nothing was done between but attempts of this step that failed.
fn failed_again(path: &StepPath, before: &[Deed], after: &[Deed]) -> bool {
    let between = after.strip_prefix(before).unwrap_or_default();
    !between.is_empty() && between.iter().all(|deed| deed.path == *path && !deed.done)
}

fn knows(recovery: Recovery) -> &'static str {
    match recovery {
        Recovery::KeeperKnows => "the keeper knows",
        Recovery::InDoubt => "nobody knows",
    }
}

/// What stood in the journal when the engine died.
pub(super) struct Crash {
    records: Vec<Record>,
    in_flight: BTreeMap<StepPath, Command>,
}

impl Crash {
    pub(super) fn at(trial: &Trial<'_>) -> Self {
        let records = trial.records();
        Self { in_flight: oracle::in_flight(&records), records }
    }

    /// The steps that may stand twice in the ledger.
    fn repeated(&self, recovery: Recovery) -> Vec<StepPath> {
        let idempotent = self.in_flight.iter().filter(|(_, command)| command.idempotent);
        idempotent.filter(|_| recovery == Recovery::InDoubt).map(|(path, _)| path.clone()).collect()
    }

    /// Whether the engine may ask about this step: the one in flight, if nothing else can tell, and before anything else
    /// is done.
    fn doubt(
        &self,
        order: &Order,
        at: &StepPath,
        recovery: Recovery,
        then: Then,
        before: &[Deed],
        after: &[Deed],
    ) -> Result<(), Box<super::swept::Breach>> {
        let wrong = |why: String| oracle::breach(why, oracle::shown(before), oracle::shown(after));
        let between = after.strip_prefix(before).unwrap_or(after);
        let Some(command) = self.in_flight.get(at) else {
            return wrong(format!("`{at}` is in doubt, but was not in flight"));
        };
        match then {
            _ if recovery == Recovery::KeeperKnows => wrong(format!("`{at}` is in doubt, although the keeper knows")),
            // Repeated, it failed, and the runbook says to roll back then: whether it owes anything nobody knows.
            Then::Resume if command.idempotent && failed_again(at, before, after) => Ok(()),
            Then::Resume if command.idempotent => wrong(format!("`{at}` is in doubt, although it may be repeated")),
            Then::Resume if command.settled_by => wrong(format!("`{at}` is in doubt, although its `settled_by` can tell")),
            // Branches beside it may have gone on.
            _ if between.iter().any(|deed| !order.is_free(&deed.path, at)) => {
                wrong(format!("something was done before `{at}` was settled"))
            }
            _ => Ok(()),
        }
    }

    /// The last word of the dead engine.
    fn last(&self) -> String {
        match self.records.last() {
            None => "before the first record".to_owned(),
            Some(record) => {
                let path = record.entry.path();
                let path = path.map(|path| format!(" `{path}`")).unwrap_or_default();
                format!("last record: {} {}{path}", record.seq, record.entry.word())
            }
        }
    }
}
