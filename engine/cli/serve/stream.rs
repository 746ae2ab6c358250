//! The live view of a run: server-sent events. The number of an event is the number of records that were read, so a browser
//! that was away comes back with the last one and gets what has changed since, however much happened in between.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use hyper::body::Frame;
use serde_json::json;
use tokio::sync::mpsc;

use super::Desk;
use super::feed::Picture;
use super::refusal::Refusal;
use super::visitor::Viewer;

/// A proxy hangs up on whoever says nothing for longer than this.
const PULSE: Duration = Duration::from_secs(15);
/// What it is told then: an event, because a page hears of nothing else, and has to notice when it hears nothing. With data,
/// because programs read those of every event.
const HERE: &[u8] = b"event: here\ndata: {\"v\":1}\n\n";
/// After this the browser comes again, and shows again who it is.
const LONGEST: Duration = Duration::from_secs(60 * 60);

/// The events of a run, behind `Last-Event-ID` or `?after=`.
pub(super) async fn events(
    State(desk): State<Arc<Desk>>,
    Viewer(visitor): Viewer,
    Path(run): Path<String>,
    Query(query): Query<Vec<(String, String)>>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let run = super::run_page::found(&desk, &run).await?;
    let Some(place) = desk.looking.admit(visitor.key.clone()) else {
        return Err(Refusal::new(StatusCode::TOO_MANY_REQUESTS, "you look at too many runs at a time; close some of them"));
    };
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok()).map(str::to_owned);
    let after = last.or_else(|| query.into_iter().find(|(name, _)| name == "after").map(|(_, value)| value));
    let mut seen = after.and_then(|after| after.parse::<u64>().ok()).unwrap_or(0);
    let mut feed = desk.feeds.of(&desk, run);
    let (sender, events) = mpsc::channel::<Bytes>(4);
    desk.counted.viewers.fetch_add(1, Ordering::Relaxed);
    let there = desk.clone();
    tokio::spawn(async move {
        let telling = async {
            let mut turn = String::new();
            loop {
                // Whoever has logged out hears nothing more; what is silent is looked at with each pulse.
                if !visitor.is_here(&there) {
                    return;
                }
                let picture = feed.borrow_and_update().clone();
                if picture.records > 0 && (picture.records > seen || picture.turn != turn) {
                    let text = if seen == picture.step.0 { picture.step.1.clone() } else { told(&picture, seen) };
                    seen = picture.records;
                    turn.clone_from(&picture.turn);
                    if sender.send(text).await.is_err() {
                        return;
                    }
                }
                let more = tokio::select! {
                    changed = feed.changed() => changed.is_ok(),
                    () = tokio::time::sleep(PULSE) => sender.send(Bytes::from_static(HERE)).await.is_ok(),
                    () = sender.closed() => false,
                };
                if !more {
                    return;
                }
            }
        };
        tokio::time::timeout(LONGEST, telling).await.ok();
        desk.counted.viewers.fetch_sub(1, Ordering::Relaxed);
        drop(place);
    });
    let headers = [(header::CONTENT_TYPE, "text/event-stream"), (header::HeaderName::from_static("x-accel-buffering"), "no")];
    Ok((headers, Body::new(Events(events))).into_response())
}

/// What has changed since a viewer has read so many records.
pub(super) fn told(picture: &Picture, seen: u64) -> Bytes {
    // Who works on a run can change without a record of it: then what changed with the last record is said again.
    let is_fresh = |at: u64| at > seen || at == seen && picture.records == seen;
    let rows: Vec<_> =
        picture.rows.iter().filter(|row| is_fresh(row.0)).map(|row| json!({ "id": row.1.id, "html": row.1.html })).collect();
    let standing = is_fresh(picture.standing.0).then_some(&picture.standing.1);
    let data = json!({ "v": 1, "records": picture.records, "turn": picture.turn, "standing": standing, "rows": rows });
    format!("id: {}\nevent: news\ndata: {data}\n\n", picture.records).into()
}

/// A body that is written as it comes.
pub(super) struct Events(mpsc::Receiver<Bytes>);

impl Events {
    pub(super) fn of(pieces: mpsc::Receiver<Bytes>) -> Self {
        Self(pieces)
    }
}

impl hyper::body::Body for Events {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.poll_recv(context).map(|bytes| bytes.map(|bytes| Ok(Frame::data(bytes))))
    }
}
