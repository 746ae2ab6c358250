//! Rehearsals that an alert starts by itself, so that whoever opens its page at night finds one done. Never a run: the one command
//! line that is made here says `--dry-run`.
//!
//! Three have to want it: the runbook (`rehearse_on_alert`), `[serve.rehearse]`, and an alert from a webhook that showed who it is,
//! whose labels give every value that is needed, each to a parameter that says what it takes (`narrow`). An occurrence of an
//! alert is rehearsed once (`memory`), so many of them in an hour, so many at a time, and each for so long (`rules`).

mod memory;
mod narrow;
mod rules;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use jiff::Timestamp;
use runbook_alerts::mapping;
use runbook_alerts::proposal::Proposal;
use runbook_model::parameter::Origin;
use tokio::sync::{Semaphore, mpsc};

pub(super) use memory::{Memory, Rehearsed};
pub(super) use rules::Rules;

use super::deed::{Deed, Until, perform};
use super::hooks::Alert;
use super::{Desk, alert_page, open_page};

/// So many alerts wait for their turn; those after them are not rehearsed.
const WAITING: usize = 256;
/// In whose name it is done.
const NOBODY: &str = "alert";

/// Where alerts go that have just begun to fire.
#[derive(Debug)]
pub(super) struct Rehearsing {
    offered: mpsc::Sender<Alert>,
    taken: std::sync::Mutex<Option<mpsc::Receiver<Alert>>>,
    pub(super) memory: Memory,
}

impl Rehearsing {
    pub(super) fn new(memory: Memory) -> Self {
        let (offered, taken) = mpsc::channel(WAITING);
        Self { offered, taken: std::sync::Mutex::new(Some(taken)), memory }
    }

    /// Offers what has just begun to fire. Whoever told us of it does not wait.
    pub(super) fn offer(&self, alerts: impl IntoIterator<Item = Alert>) {
        for alert in alerts.into_iter().filter(Alert::is_firing) {
            if self.offered.try_send(alert).is_err() {
                tracing::warn!("too many alerts wait for a rehearsal; the next ones get none");
                return;
            }
        }
    }
}

/// Rehearses what is offered, until the server ends.
pub(super) async fn watch(desk: Arc<Desk>) {
    let taken = desk.rehearsing.taken.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
    let (Some(mut offered), Some(rules)) = (taken, desk.settings.rehearse.clone()) else { return };
    let room = Arc::new(Semaphore::new(rules.at_once));
    while let Some(alert) = offered.recv().await {
        let Some((runbook, params)) = proposed(&desk, &rules, &alert).await else { continue };
        let Ok(place) = room.clone().acquire_owned().await else { return };
        let begun = Rehearsed::of(&alert, runbook.clone(), Timestamp::now());
        match desk.rehearsing.memory.begin(begun.clone(), rules.per_hour) {
            Ok(true) => {}
            Ok(false) => continue,
            Err(error) => {
                // What could not be noted could be done again and again.
                tracing::warn!(%error, "an alert is not rehearsed, for that could not be noted");
                continue;
            }
        }
        let (desk, within, env) = (desk.clone(), rules.within, rules.env.clone());
        tokio::spawn(async move {
            rehearse(&desk, begun, &alert, params, env, Until::Within(within)).await;
            drop(place);
        });
    }
}

/// The runbook that answers an alert and the values that the alert gives, if that is enough to rehearse it.
async fn proposed(desk: &Arc<Desk>, rules: &Rules, alert: &Alert) -> Option<(String, Vec<(String, String)>)> {
    let serving = alert_page::serving(desk, &alert.name(), &alert.labels).await;
    let [runbook] = serving.as_slice() else { return None };
    if !rules.allows(runbook) {
        return None;
    }
    let declaration = open_page::book(desk, runbook).await.ok()?.declaration;
    let mut proposal = Proposal::default();
    proposal.take(&declaration, mapping::values(&declaration, &alert.labels), Origin::Alert);
    let is_whole = proposal.refused.is_empty()
        && declaration.params.iter().all(|(name, parameter)| parameter.fallback.is_some() || proposal.values.contains_key(name));
    let is_narrow = proposal.values.keys().all(|name| narrow::is(&declaration.params[name]));
    let values = proposal.values.into_iter().map(|(name, (value, _))| (name, value)).collect();
    (declaration.rehearse_on_alert && is_whole && is_narrow).then(|| (runbook.clone(), values))
}

async fn rehearse(
    desk: &Desk,
    begun: Rehearsed,
    alert: &Alert,
    params: Vec<(String, String)>,
    env: Option<String>,
    until: Until,
) {
    let mut line = vec!["exec".to_owned(), "--dry-run".to_owned()];
    line.extend(env.map(|env| format!("--env={env}")));
    line.extend(params.iter().map(|(name, value)| format!("--param={name}={value}")));
    line.extend(["--".to_owned(), begun.runbook.clone()]);
    let origins: BTreeMap<_, _> = params.into_iter().map(|(name, _)| (name, Origin::Alert)).collect();
    let deed = Deed { origins, alert: Some(alert.named()), bare: true, ..Deed::by(NOBODY, line, until) };
    let mut done = begun;
    done.done = true;
    match perform(desk, deed).await {
        Ok(came) => {
            desk.counted.rehearsed.fetch_add(1, Ordering::Relaxed);
            done.run = came.run;
            done.why = came.said.lines().next().map(str::to_owned).filter(|_| came.run.is_none());
        }
        Err(_) => done.why = Some("no process could be started".to_owned()),
    }
    if let Err(error) = desk.rehearsing.memory.end(done) {
        tracing::warn!(%error, "what came of a rehearsal could not be noted");
    }
}
