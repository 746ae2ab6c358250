//! Alerts that come in. Each is authenticated, stored before it is acknowledged, counted once, and shown. None starts a run; a
//! rehearsal perhaps (`rehearsing`).

mod fingerprint;
mod payload;
mod sender;
mod signature;
mod store;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde_json::json;

pub(super) use sender::Senders;
pub(super) use store::{Alert, Alerts};

use super::Desk;
use super::asker::Asker;
use super::refusal::Refusal;
use super::run_page::blocking;
use sender::{Alertmanager, Unproven};

/// `POST /hooks/alertmanager`, version 4, with a bearer token.
pub(super) async fn alertmanager(State(desk): State<Arc<Desk>>, _: Alertmanager, body: Bytes) -> Result<Response, Refusal> {
    take(desk, payload::alertmanager(&body).map_err(|why| unfit(&why))?).await
}

/// `POST` or `PUT /hooks/grafana`, signed.
pub(super) async fn grafana(State(desk): State<Arc<Desk>>, sent: Unproven) -> Result<Response, Refusal> {
    if !signature::grafana(keys(&desk, "grafana_secret")?, &sent.headers, &sent.body, jiff::Timestamp::now()) {
        return Err(not_known(&desk, sent.asker));
    }
    take(desk, payload::grafana(&sent.body).map_err(|why| unfit(&why))?).await
}

/// `POST /hooks/pagerduty`, version 3, signed.
pub(super) async fn pagerduty(State(desk): State<Arc<Desk>>, sent: Unproven) -> Result<Response, Refusal> {
    if !signature::pagerduty(keys(&desk, "pagerduty_secret")?, &sent.headers, &sent.body) {
        return Err(not_known(&desk, sent.asker));
    }
    take(desk, payload::pagerduty(&sent.body).map_err(|why| unfit(&why))?).await
}

/// The keys of a hook; without any there is no such hook.
fn keys<'a>(desk: &'a Desk, name: &str) -> Result<&'a Vec<String>, Refusal> {
    desk.settings.hooks.get(name).ok_or_else(|| Refusal::nothing().for_programs())
}

fn not_known(desk: &Desk, asker: Asker) -> Refusal {
    if let Err(too_many) = asker.guesses(desk) {
        return too_many.for_programs();
    }
    unknown()
}

fn unknown() -> Refusal {
    Refusal::new(StatusCode::UNAUTHORIZED, "this does not come from whom it should (RB0047)").for_programs()
}

fn unfit(why: &str) -> Refusal {
    Refusal::new(StatusCode::BAD_REQUEST, why).for_programs()
}

async fn take(desk: Arc<Desk>, alerts: Vec<Alert>) -> Result<Response, Refusal> {
    let there = desk.clone();
    let stored = blocking(move || {
        there.alerts.take(alerts).map_err(|error| {
            // Not acknowledged: it comes again.
            Refusal::new(StatusCode::SERVICE_UNAVAILABLE, format!("it could not be stored: {error}")).for_programs()
        })
    });
    let fresh = stored.await?;
    let count = fresh.len();
    desk.counted.alerts.fetch_add(count as u64, Ordering::Relaxed);
    desk.rehearsing.offer(fresh);
    Ok(Json(json!({ "stored": count })).into_response())
}

/// Labels or annotations.
type Texts = BTreeMap<String, String>;
