//! The crowd that looks at a run. Every tenth of them loses the connection now and then and comes back with the number of
//! the last event; some never read what they are sent.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::JoinSet;

use super::http::{Answer, Visitor};
use super::page::Page;

/// So many come at the same time.
const DOOR: usize = 64;
/// So many never read.
const STUBBORN: usize = 16;

/// Everybody who looks.
pub(super) struct Crowd {
    everybody: JoinSet<Option<Viewer>>,
    _stubborn: Vec<Answer>,
}

/// What one of them has heard.
#[derive(Debug, Default)]
pub(super) struct Viewer {
    /// How many records each event told of, and when it came, in milliseconds since 1970.
    pub(super) heard: Vec<(u64, f64)>,
    /// The rows as they stand on their page.
    pub(super) rows: BTreeMap<String, String>,
    pub(super) records: u64,
}

impl Viewer {
    /// How long each record took to get here, of those written since they look.
    pub(super) fn delays(&self, written: &[f64]) -> Vec<f64> {
        let mut delays = Vec::new();
        let mut known = self.heard.first().map_or(0, |first| first.0);
        for (records, at) in &self.heard {
            let fresh = usize::try_from(known).unwrap_or(0)..usize::try_from(*records).unwrap_or(0);
            delays.extend(written.get(fresh).unwrap_or_default().iter().map(|written| at - written));
            known = known.max(*records);
        }
        delays
    }
}

/// Lets a crowd in, and waits until each of them sees the run.
pub(super) async fn gather(page: &Arc<Page>, run: &str, count: usize, over: watch::Receiver<bool>) -> Result<Crowd, String> {
    let door = Arc::new(Semaphore::new(DOOR));
    let (seen, mut seeing) = mpsc::channel(count.max(1));
    let mut everybody = JoinSet::new();
    for nth in 0..count {
        let (page, run, door, seen, over) = (page.clone(), run.to_owned(), door.clone(), seen.clone(), over.clone());
        everybody.spawn(async move {
            let looked = look(&page, &run, nth, door, seen, over).await;
            looked.map_err(|why| crate::output::tell(&format!("viewer {nth}: {why}"))).ok()
        });
    }
    drop(seen);
    for _ in 0..count {
        if seeing.recv().await.is_none() {
            return Err("not everybody got in".to_owned());
        }
    }
    let mut stubborn = Vec::new();
    for nth in 0..STUBBORN.min(count) {
        let person = Visitor::person(page, count + nth).await?;
        stubborn.push(person.send("GET", &format!("/runs/{run}/events"), "", b"").await?);
    }
    Ok(Crowd { everybody, _stubborn: stubborn })
}

async fn look(
    page: &Page,
    run: &str,
    nth: usize,
    door: Arc<Semaphore>,
    seen: mpsc::Sender<()>,
    mut over: watch::Receiver<bool>,
) -> Result<Viewer, String> {
    let mut viewer = Viewer::default();
    let place = door.acquire().await.map_err(|error| error.to_string())?;
    let person = Visitor::person(page, nth).await?;
    let mut answer = come(&person, run, 0).await?;
    viewer.take(&mut answer).await?;
    drop(place);
    seen.send(()).await.map_err(|error| error.to_string())?;
    let restless = nth.is_multiple_of(10);
    loop {
        let took = tokio::select! {
            took = viewer.take(&mut answer) => took?,
            _ = over.wait_for(|over| *over) => return Ok(viewer),
        };
        if !took {
            return Err("the stream ended".to_owned());
        }
        if restless && viewer.heard.len().is_multiple_of(20) {
            drop(answer);
            answer = come(&person, run, viewer.records).await?;
        }
    }
}

async fn come(person: &Visitor, run: &str, last: u64) -> Result<Answer, String> {
    let answer = person.send("GET", &format!("/runs/{run}/events"), &format!("last-event-id: {last}"), b"").await?;
    if answer.status == 200 { Ok(answer) } else { Err(format!("answered {}", answer.status)) }
}

impl Viewer {
    /// Takes the next event; false at the end of the stream.
    async fn take(&mut self, answer: &mut Answer) -> Result<bool, String> {
        let Some(told) = answer.event().await? else { return Ok(false) };
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_err(|error| error.to_string())?.as_secs_f64() * 1_000.0;
        self.heard.push((told.records, now));
        self.records = self.records.max(told.records);
        self.rows.extend(told.rows.into_iter().map(|row| (row.id, row.html)));
        Ok(true)
    }
}

impl Crowd {
    /// What each of those has heard who are still there.
    pub(super) async fn told(self) -> Vec<Viewer> {
        self.everybody.join_all().await.into_iter().flatten().collect()
    }
}
