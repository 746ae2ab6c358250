//! Requests at a steady pace, whatever becomes of those before: whoever waits for an answer before asking the next thing asks
//! less of a slow server, and finds it faster than it is.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::http::Visitor;
use super::page::Page;

/// So many people ask.
const PEOPLE: usize = 50;

/// What came of it.
#[derive(Default)]
pub(super) struct Asked {
    /// How long each answer took, from when it was to be asked, in milliseconds.
    pub(super) millis: Vec<f64>,
    pub(super) by_path: BTreeMap<&'static str, Vec<f64>>,
    /// Why some failed, and how many.
    pub(super) failed: BTreeMap<String, usize>,
}

/// Asks `rate` times a second until it is over.
pub(super) async fn ask(page: Arc<Page>, run: String, rate: usize, mut over: watch::Receiver<bool>) -> Asked {
    let mut people = Vec::new();
    for nth in 0..PEOPLE {
        match Visitor::person(&page, 2_000 + nth).await {
            Ok(person) => people.push(person),
            Err(why) => return Asked { failed: [(why, 1)].into(), ..Asked::default() },
        }
    }
    let paths: [(&'static str, String); 8] = [
        ("/", "/".to_owned()),
        ("/runs", "/runs".to_owned()),
        ("/runs/RUN", format!("/runs/{run}")),
        ("/api/runs/RUN", format!("/api/runs/{run}")),
        ("/open/plain", "/open/plain".to_owned()),
        ("/runs/RUN/steps/0", format!("/runs/{run}/steps/0")),
        ("/static/page.css", "/static/page.css".to_owned()),
        ("/healthz", "/healthz".to_owned()),
    ];
    let mut pace = interval(Duration::from_secs(1) / u32::try_from(rate).unwrap_or(200));
    pace.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut pending = JoinSet::new();
    let mut nth = 0;
    loop {
        let due: Instant = tokio::select! {
            due = pace.tick() => due,
            _ = over.wait_for(|over| *over) => break,
        };
        let (name, path) = paths[nth % paths.len()].clone();
        let person = people[nth % PEOPLE].clone();
        nth += 1;
        pending.spawn(async move {
            let answer = person.ask("GET", &path, "", b"").await;
            let came = match answer {
                Ok((200, _)) => Ok(due.elapsed().as_secs_f64() * 1_000.0),
                Ok((status, _)) => Err(format!("{name}: {status}")),
                Err(why) => Err(format!("{name}: {why}")),
            };
            (name, came)
        });
    }
    let mut asked = Asked::default();
    for (name, came) in pending.join_all().await {
        match came {
            Ok(millis) => {
                asked.millis.push(millis);
                asked.by_path.entry(name).or_default().push(millis);
            }
            Err(why) => *asked.failed.entry(why).or_default() += 1,
        }
    }
    asked
}
