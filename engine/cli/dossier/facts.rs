//! What every layout says about a run as a whole: names and texts, as they came.

use jiff::Timestamp;
use runbook_model::account::{Promise, Sitting};
use runbook_model::change::quoted;
use runbook_model::entry::{Mode, Purpose};
use runbook_model::parameter::Origin;
use runbook_model::path::StepPath;
use runbook_model::status::RunStatus;
use runbook_model::step::Location;

use super::{Dossier, Seal, Trouble};
use crate::output::elapsed;

/// The facts at the head of a report.
#[must_use]
pub fn overview(dossier: &Dossier) -> Vec<(&'static str, String)> {
    let account = &dossier.account;
    let started = &account.started;
    let mut facts = vec![("Runbook", started.runbook.clone())];
    facts.extend(started.env.clone().map(|env| ("Environment", env)));
    facts.extend(started.alert.as_ref().map(|alert| ("Alert", alert.line())));
    if started.mode == Mode::Rehearsal {
        facts.push(("Mode", "rehearsal: changes were withheld".to_owned()));
    }
    if let Some(first) = account.sessions.first() {
        facts.push(("Started by", format!("{}@{}", first.session.operator.name, first.session.operator.host)));
    }
    facts.push(("Started", format!("{}", account.started_at.strftime("%Y-%m-%d %H:%M:%S UTC"))));
    // Of a run that goes on or waits, or whose process died, nobody wrote down an end.
    let waits = matches!(account.state, RunStatus::Suspended { .. } | RunStatus::Interrupted);
    let open = dossier.at_work.is_some() || account.open_session().is_some() || waits;
    let last = if open { "Last record" } else { "Ended" };
    facts.push((last, format!("{}", account.worked_until.strftime("%Y-%m-%d %H:%M:%S UTC"))));
    facts.push(("Took", elapsed::short(account.took())));
    facts.extend(started.owner.clone().map(|owner| ("Owner", owner)));
    if !account.promises.is_empty() {
        let broken = account.promises.iter().filter(|promise| promise.is_broken()).count();
        let kept = account.promises.iter().filter(|promise| promise.took.is_some() && !promise.is_broken()).count();
        let parts = [(kept, "kept"), (broken, "broken"), (account.promises.len() - broken - kept, "not at its end")];
        let parts: Vec<_> = parts.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")).collect();
        facts.push(("Promises of time", parts.join(", ")));
    }
    facts.push(("Audit trail", dossier.seal.line()));
    facts
}

/// What keeps the report from being whole, for a box at its top.
#[must_use]
pub fn trouble(dossier: &Dossier) -> Option<String> {
    Some(match dossier.trouble.as_ref()? {
        Trouble::Damaged(damaged) => format!("This report is not whole. {damaged}"),
        Trouble::Illegal(why) => format!("This report is not whole. The {why}"),
        Trouble::Died => {
            let account = &dossier.account;
            let who = account.open_session().map_or_else(String::new, |sitting| {
                let person = &sitting.session.operator;
                format!("process {} of {}@{}", sitting.session.pid, person.name, person.host)
            });
            let next = match account.started.mode {
                Mode::Live => format!("`runbook resume {}` goes on.", account.run),
                Mode::Rehearsal => {
                    let name = quoted(&account.started.runbook);
                    format!("`runbook exec {name} --dry-run` rehearses it again: it changed nothing.")
                }
            };
            format!("The run's process died: {who} wrote its last record at {:.0}. {next}", account.last_at)
        }
        Trouble::Torn => "The last record broke off while it was written and is not read: nothing was run after it.".to_owned(),
    })
}

/// A promise of time: what, the promise, what it came to.
#[must_use]
pub fn promise(promise: &Promise) -> (String, String, String) {
    let what = if promise.path == StepPath::root() { "the whole run".to_owned() } else { promise.path.told() };
    let result = match (promise.took, promise.is_broken()) {
        (Some(took), false) => format!("kept: {}", elapsed::short(took)),
        (Some(took), true) => {
            let over = elapsed::short(took.saturating_sub(promise.budget.millis()));
            format!("broken: {}, {over} over", elapsed::short(took))
        }
        (None, true) => "broken, and not at its end".to_owned(),
        (None, false) => "not at its end".to_owned(),
    };
    (what, promise.budget.to_string(), result)
}

/// The parameters: name, value, where it came from.
#[must_use]
pub fn parameters(dossier: &Dossier) -> Vec<(String, String, &'static str)> {
    let origin = |origin| match origin {
        Origin::Typed => "typed",
        Origin::Fallback => "fallback",
        Origin::Alert => "from the alert",
        Origin::Link => "from the link",
    };
    let params = dossier.account.started.params.iter();
    params.map(|(name, given)| (name.clone(), given.value.to_string(), origin(given.origin))).collect()
}

/// Where the run comes from.
#[must_use]
pub fn provenance(dossier: &Dossier) -> Vec<(&'static str, String)> {
    let account = &dossier.account;
    let mut facts = vec![("Run", account.run.to_string())];
    for source in &account.started.sources {
        facts.push(("Source", format!("{}  sha256 {}", source.name, source.digest)));
    }
    if let Some(provenance) = &account.started.provenance {
        let edited = if provenance.dirty { ", edited since" } else { "" };
        facts.push(("Commit", format!("{}{edited}", provenance.commit)));
    }
    if let Some(rehearsed) = &account.started.outlook.rehearsed {
        let same = if rehearsed.differs.is_empty() { "all as it was then".to_owned() } else { rehearsed.differs.join("; ") };
        facts.push(("Last rehearsal", format!("{} at {:.0} by {}: {same}", rehearsed.run, rehearsed.at, rehearsed.by.name)));
    }
    if let Some(why) = &account.started.outlook.waived {
        facts.push(("Without a rehearsal", why.clone()));
    }
    if let Some(planned) = &account.plan {
        let certain = if planned.certain { "certain" } else { "part of it unknown" };
        let text = format!("{} steps, {} changes, {certain}, sha256 {}", planned.steps, planned.changes, planned.plan);
        facts.push(("Plan", text));
        facts.extend(planned.lacks.iter().map(|lack| ("Lacks", format!("{}: {}", lack.change, lack.what))));
    }
    facts.push(("Root", account.started.root.clone()));
    if let Some(first) = account.sessions.first() {
        facts.push(("Engine", format!("runbook {}", first.session.engine)));
    }
    facts.push(("Records", account.records.to_string()));
    facts.push(("Looked at", format!("{}", dossier.seen.strftime("%Y-%m-%d %H:%M:%S UTC"))));
    facts
}

/// What the audit trail has of it.
#[must_use]
pub fn trail(dossier: &Dossier) -> Vec<(&'static str, String)> {
    let mut facts = vec![("Seal", dossier.seal.line())];
    if let Seal::Sealed(sight) = &dossier.seal {
        facts.extend(sight.commit.clone().map(|commit| ("Commit", commit)));
        facts.extend(sight.at.map(|at| ("Committed", format!("{}", at.strftime("%Y-%m-%d %H:%M:%S UTC")))));
        facts.extend(sight.main.clone().map(|main| ("main", main)));
    }
    facts
}

/// What to type to check what a report says.
#[must_use]
pub fn checks(dossier: &Dossier) -> Vec<(String, &'static str)> {
    let run = dossier.account.run;
    let mut commands = vec![(format!("runbook show {run}"), "the run, told again")];
    if let Seal::Sealed(_) = dossier.seal {
        commands.push((format!("runbook verify {run}"), "proof that nobody edited what is sealed of it"));
        commands
            .push((format!("git --git-dir {} log --stat runs/{run}", quoted(&dossier.audit)), "the same without this program"));
    }
    if let Some(doubtful) = dossier.account.doubtful.first().filter(|_| dossier.at_work.is_none()) {
        let step = quoted(&doubtful.to_string());
        commands.push((format!("runbook resolve {run} {step} did|did-not --why '…'"), "once somebody knows"));
    }
    commands
}

/// A session, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Worked {
    /// When it began.
    pub began: Timestamp,
    /// Who, in which process.
    pub who: String,
    /// What for.
    pub what: &'static str,
    /// How it ended, and after how long.
    pub end: String,
    /// Its process died.
    pub died: bool,
}

/// Who worked on the run, in order.
#[must_use]
pub fn sessions(dossier: &Dossier) -> Vec<Worked> {
    let sittings = &dossier.account.sessions;
    let worked = |sitting: &Sitting| {
        let session = &sitting.session;
        let last = sittings.last().is_some_and(|last| last.epoch == sitting.epoch);
        let at_work = last && dossier.at_work.is_some();
        let end = match &sitting.left {
            Some(status) => status.word(),
            None if at_work => "at work",
            None => "its process died",
        };
        let millis = u64::try_from(sitting.last.as_millisecond() - sitting.began.as_millisecond()).unwrap_or(0);
        Worked {
            began: sitting.began,
            who: format!("{}@{} (process {})", session.operator.name, session.operator.host, session.pid),
            what: purpose(session.purpose),
            end: format!("{end}, after {}", elapsed::short(millis)),
            died: sitting.left.is_none() && !at_work,
        }
    };
    sittings.iter().map(worked).collect()
}

/// Where a note stands; nothing when it is not known.
#[must_use]
pub fn stands_at(location: &Location) -> String {
    if location.file.is_empty() { String::new() } else { format!("{}:{}", location.file, location.line) }
}

/// What a session was for, as a verb.
#[must_use]
fn purpose(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Exec => "started it",
        Purpose::Resume => "resumed it",
        Purpose::Rollback => "rolled it back",
        Purpose::Resolve => "settled a step in doubt",
        Purpose::Answer => "answered a question",
        Purpose::Abandon => "gave it up",
        Purpose::Review => "reviewed it",
    }
}
