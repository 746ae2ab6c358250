//! Tells people what needs them, and wakes runs whose question was not answered in time.
//!
//! It reads journals like anybody who looks. A run knows nothing of it, so nothing that goes wrong here can stop one. What
//! was told is remembered in a file of its own name, so that it is told once, also over a restart; what could not be told is
//! tried again for an hour.

mod looked;
mod message;
mod news;
mod sent;
mod target;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use runbook_model::id::RunId;

use super::Desk;
use super::deed::{Deed, Until, perform};
use looked::Looks;
use news::News;
use sent::Sent;
use target::Target;

pub(super) use target::judged;

/// Between two looks at all runs.
const PACE: Duration = Duration::from_millis(500);
/// What is older is no news, in seconds.
const OLD: i64 = 60 * 60;
/// Between two tries, each longer than the one before.
const AGAIN: [u64; 6] = [1, 5, 15, 60, 300, 900];

/// Watches until the server ends.
pub(super) async fn watch(desk: Arc<Desk>) {
    // Judged when the server started.
    let targets: Vec<_> = judged(&desk.place.configuration).unwrap_or_default().into_iter().map(Arc::new).collect();
    let sent = Arc::new(Sent::new(&desk.home()));
    let mut looks = Looks::default();
    let mut tries: BTreeMap<(String, String), (usize, Instant)> = BTreeMap::new();
    let mut woken: BTreeMap<RunId, Instant> = BTreeMap::new();
    loop {
        let there = desk.clone();
        let looked = tokio::task::spawn_blocking(move || {
            looks.look(&there);
            looks
        });
        let Ok(after) = looked.await else { return };
        looks = after;
        for run in looks.overdue(Timestamp::now()) {
            if woken.get(&run).is_none_or(|at| at.elapsed() > Duration::from_secs(60)) {
                woken.insert(run, Instant::now());
                tokio::spawn(wake(desk.clone(), run));
            }
        }
        for news in looks.news(Timestamp::now()) {
            if Timestamp::now().as_second().saturating_sub(news.at.as_second()) > OLD {
                continue;
            }
            for target in targets.iter().filter(|target| target.wants(&news)) {
                let key = (target.name.clone(), news.key.clone());
                let (count, next) = tries.get(&key).copied().unwrap_or((0, Instant::now()));
                if count < AGAIN.len() && next <= Instant::now() && !sent.knows(&key.0, &key.1) {
                    let pause = Duration::from_secs(AGAIN[count]) + target.patience();
                    tries.insert(key, (count + 1, Instant::now() + pause));
                    tokio::spawn(tell(desk.clone(), target.clone(), news.clone(), sent.clone()));
                }
            }
        }
        tokio::time::sleep(PACE).await;
    }
}

async fn tell(desk: Arc<Desk>, target: Arc<Target>, news: News, sent: Arc<Sent>) {
    let told = {
        let (desk, target, news) = (desk.clone(), target.clone(), news.clone());
        tokio::task::spawn_blocking(move || target.tell(&news, &desk.settings.base(desk.at))).await
    };
    match told {
        Ok(Ok(())) => {
            desk.counted.notified.fetch_add(1, Ordering::Relaxed);
            if let Err(error) = sent.note(&target.name, &news.key) {
                tracing::warn!(%error, target = target.name, "what was told could not be noted: it may be told again");
            }
        }
        Ok(Err(why)) => {
            desk.counted.unnotified.fetch_add(1, Ordering::Relaxed);
            tracing::warn!(why, target = target.name, "nobody was told; it is tried again");
        }
        Err(error) => tracing::warn!(%error, "nobody was told"),
    }
}

/// Goes on with a run whose question was not answered in time: the engine then does what the runbook says about that.
async fn wake(desk: Arc<Desk>, run: RunId) {
    let line = vec!["resume".to_owned(), run.to_string()];
    if perform(&desk, Deed::by(&desk.owner, line, Until::Begun)).await.is_err() {
        tracing::warn!(%run, "the run could not be woken");
    }
}
