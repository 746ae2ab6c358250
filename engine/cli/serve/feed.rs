//! Runs as they go, for however many look at them: one task reads the journal of a run, and everybody sees its picture.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::body::Bytes;
use runbook_model::entry::Record;
use runbook_model::id::RunId;
use runbook_runtime::journal::Follower;
use tokio::sync::watch;

use super::step_row::{self, Row};
use super::{Desk, stream};
use crate::dossier::{Dossier, Seal, Verdict};

/// Between two looks at a journal. It is a file: nobody is told when it grows.
const PACE: Duration = Duration::from_millis(100);
/// A run that nobody works on may be taken up again at any time; it is looked at less often.
const IDLE: Duration = Duration::from_millis(500);

/// A run as it is now.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Picture {
    /// How many records were read: the number that a viewer comes back with.
    pub(super) records: u64,
    /// The steps, each with the number of records at which it changed last.
    pub(super) rows: Vec<Arc<(u64, Row)>>,
    /// How it stands, as HTML, and since which record.
    pub(super) standing: (u64, String),
    /// What the buttons and the question below depend on: a viewer whose page says otherwise wants a new page.
    pub(super) turn: String,
    /// The event for whoever has seen everything up to the picture before, and how many records that one had. Nearly everybody
    /// has: so it is written once, and not once for each of them.
    pub(super) step: (u64, Bytes),
}

/// The runs that somebody looks at.
#[derive(Debug, Default)]
pub(super) struct Feeds {
    open: Mutex<BTreeMap<RunId, watch::Sender<Arc<Picture>>>>,
}

impl Feeds {
    /// The picture of a run, now and whenever it changes.
    pub(super) fn of(&self, desk: &Arc<Desk>, run: RunId) -> watch::Receiver<Arc<Picture>> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(feed) = open.get(&run) {
            return feed.subscribe();
        }
        let (sender, receiver) = watch::channel(Arc::default());
        open.insert(run, sender.clone());
        tokio::spawn(watched(desk.clone(), run, sender));
        receiver
    }
}

async fn watched(desk: Arc<Desk>, run: RunId, sender: watch::Sender<Arc<Picture>>) {
    let mut watching: Option<Watching> = None;
    loop {
        let desk_there = desk.clone();
        let before = watching.take();
        let looked = tokio::task::spawn_blocking(move || Watching::look(before, &desk_there, run)).await;
        let Ok(Some((now, picture, cost, held))) = looked else { break };
        watching = Some(now);
        if let Some(picture) = picture {
            sender.send_replace(Arc::new(picture));
        }
        // A long story takes long to tell: then it is told less often.
        tokio::time::sleep(if held { PACE } else { IDLE }.max(cost * 5)).await;
        let mut open = desk.feeds.open.lock().unwrap_or_else(PoisonError::into_inner);
        if sender.receiver_count() == 0 {
            open.remove(&run);
            return;
        }
    }
    desk.feeds.open.lock().unwrap_or_else(PoisonError::into_inner).remove(&run);
}

struct Watching {
    follower: Follower,
    records: Vec<Record>,
    held: Option<String>,
    picture: Picture,
}

impl Watching {
    /// One look: a new picture when anything has changed, what it took, and whether somebody is at work. Blocks.
    fn look(before: Option<Self>, desk: &Desk, run: RunId) -> Option<(Self, Option<Picture>, Duration, bool)> {
        let began = Instant::now();
        let history = desk.history().ok().flatten()?;
        let mut watching = before.unwrap_or_else(|| Self {
            follower: Follower::new(history.dir(run)),
            records: Vec::new(),
            held: None,
            picture: Picture::default(),
        });
        // In this order: whoever has let go of it wrote all that they had to write before.
        let held = history.held(run).map(|held| held.holder.map_or_else(|| "another process".to_owned(), |who| who.to_string()));
        let news = watching.follower.news().ok()?;
        let is_held = held.is_some();
        if news.is_empty() && held == watching.held && watching.picture.records > 0 {
            return Some((watching, None, began.elapsed(), is_held));
        }
        watching.records.extend(news);
        watching.held = held;
        let account = runbook_model::account::Account::of(&watching.records)?;
        let trouble = (!is_held && account.open_session().is_some()).then_some(crate::dossier::Trouble::Died);
        let dossier = Dossier {
            account,
            seen: jiff::Timestamp::now(),
            at_work: watching.held.clone(),
            trouble,
            // Who looks at a run as it goes does not ask about its seal; the report does.
            seal: Seal::Waived(String::new()),
            audit: String::new(),
        };
        let before = watching.picture.records;
        let mut picture = drawn(&watching.picture, &dossier, watching.records.len() as u64);
        picture.step = (before, stream::told(&picture, before));
        watching.picture = picture.clone();
        Some((watching, Some(picture), began.elapsed(), is_held))
    }
}

/// The picture of a run, with what has changed since the one before.
pub(super) fn drawn(before: &Picture, dossier: &Dossier, records: u64) -> Picture {
    let rows = dossier.account.steps.iter().enumerate().map(|(nth, step)| {
        let row = step_row::row(dossier, nth, step);
        match before.rows.get(nth) {
            Some(same) if same.1 == row => same.clone(),
            _ => Arc::new((records, row)),
        }
    });
    let verdict = Verdict::of(dossier);
    let standing = step_row::standing(&verdict);
    let since = if before.standing.1 == standing { before.standing.0 } else { records };
    Picture {
        records,
        rows: rows.collect(),
        standing: (since, standing),
        turn: step_row::turn(dossier),
        step: Default::default(),
    }
}
