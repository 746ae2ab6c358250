//! Tells the place that an alert came from how the run ended that it opened.
//!
//! Which alert opened which run is kept in a file for each run; how it ended is read from its journal, as by anybody who looks. The run
//! knows nothing of it, so nothing that goes wrong here changes its outcome.

mod occasion;
mod outcome;
mod target;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use runbook_model::id::RunId;

use super::Desk;
use super::hooks::Alert;
use super::outgoing;
use crate::history::History;
use occasion::Occasion;
use outcome::Outcome;
use target::Target;

pub(super) use occasion::note;
pub(super) use target::judged;

/// Between two looks at the runs that alerts have opened.
const PACE: Duration = Duration::from_millis(500);
/// Between two tries, each longer than the one before; then it is given up.
const AGAIN: [u64; 6] = [1, 5, 15, 60, 300, 900];
/// An end that is older is no news, in seconds.
const OLD: i64 = 60 * 60;

/// Watches until the server ends.
pub(super) async fn watch(desk: Arc<Desk>) {
    // Judged when the server started.
    let targets: Vec<_> = judged(&desk.place.configuration).unwrap_or_default().into_iter().map(Arc::new).collect();
    if targets.is_empty() {
        return;
    }
    let mut tries: BTreeMap<PathBuf, (usize, Instant)> = BTreeMap::new();
    let mut looks = Looks::default();
    loop {
        let there = desk.clone();
        let looked = tokio::task::spawn_blocking(move || {
            let ended = looks.ended(&there);
            (looks, ended)
        });
        let Ok((after, ended)) = looked.await else { return };
        looks = after;
        for (occasion, outcome) in ended {
            for target in targets.iter().filter(|target| target.answers(&occasion.alert)) {
                let mark = occasion::mark(&desk.home(), &target.name, &outcome.key);
                let (count, next) = tries.get(&mark).copied().unwrap_or((0, Instant::now()));
                if count == AGAIN.len() || next > Instant::now() || mark.exists() {
                    continue;
                }
                tries.insert(mark.clone(), (count + 1, Instant::now() + Duration::from_secs(AGAIN[count]) + outgoing::PATIENCE));
                let (target, alert, outcome) = (target.clone(), occasion.alert.clone(), outcome.clone());
                tokio::task::spawn_blocking(move || tell(&target, &alert, &outcome, &mark));
            }
        }
        tokio::time::sleep(PACE).await;
    }
}

/// Tells it, and notes that it was told. Blocks.
fn tell(target: &Target, alert: &Alert, outcome: &Outcome, mark: &Path) {
    if let Err(why) = target.tell(alert, outcome) {
        tracing::warn!(why, target = target.name, run = %outcome.run, "an alert was not told how its run ended; it is tried again");
    } else if let Err(error) = occasion::told(mark) {
        tracing::warn!(%error, target = target.name, "what was told could not be noted: it may be told again");
    }
}

/// How runs ended, as it was read last: a journal is read again only when it has grown. By run, with the length of the journal.
#[derive(Debug, Default)]
struct Looks(BTreeMap<RunId, (u64, Option<Outcome>)>);

impl Looks {
    /// The runs that alerts opened, and that nobody works on. Blocks.
    fn ended(&mut self, desk: &Desk) -> Vec<(Occasion, Outcome)> {
        let Ok(Some(history)) = desk.history() else { return Vec::new() };
        let base = desk.settings.base(desk.at);
        let fresh = |outcome: &Outcome| Timestamp::now().as_second().saturating_sub(outcome.at.as_second()) <= OLD;
        let occasions = occasion::all(&desk.home());
        self.0.retain(|run, _| occasions.iter().any(|occasion| occasion.run == *run));
        let ended = |occasion: Occasion| Some((occasion.clone(), self.outcome(&history, occasion.run, &base).filter(fresh)?));
        occasions.into_iter().filter_map(ended).collect()
    }

    fn outcome(&mut self, history: &History, run: RunId, base: &str) -> Option<Outcome> {
        if history.held(run).is_some() {
            return None;
        }
        let length = std::fs::metadata(history.dir(run).journal()).ok()?.len();
        match self.0.get(&run) {
            Some((known, outcome)) if *known == length => outcome.clone(),
            _ => {
                // What could not be read is read again: it may be for want of descriptors.
                let outcome = Outcome::of(history, run, base).ok()?;
                self.0.insert(run, (length, outcome.clone()));
                outcome
            }
        }
    }
}
