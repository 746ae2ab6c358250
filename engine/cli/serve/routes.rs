//! Who answers what.

use std::sync::Arc;

use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use axum::{Router, middleware};

use super::{
    Desk, alert_page, answering, api, gate, group_page, health, home, hooks, login, open_page, output_page, refusal, run_page,
    runs_page, shell, starting, stream, whole_output,
};

/// The most of a form, in bytes.
const FORM: usize = 256 * 1024;
/// The most of an alert, in bytes: 123 of them are 92 KB.
const HOOK: usize = 8 * 1024 * 1024;

/// Every address. Whatever is asked with GET changes nothing.
pub(super) fn all(desk: &Arc<Desk>) -> Router {
    let hooks = Router::new()
        .route("/hooks/alertmanager", post(hooks::alertmanager))
        .route("/hooks/grafana", post(hooks::grafana).put(hooks::grafana))
        .route("/hooks/pagerduty", post(hooks::pagerduty))
        .layer(DefaultBodyLimit::max(HOOK));
    Router::new()
        .route("/", get(home::page))
        .route("/open/{*runbook}", get(open_page::page))
        .route("/alert/{name}", get(alert_page::by_name))
        .route("/a/{fingerprint}", get(alert_page::by_fingerprint))
        .route("/a/{fingerprint}/group", get(group_page::page))
        .route("/runs", get(runs_page::page).post(starting::start))
        .route("/runs/{run}", get(run_page::page))
        .route("/runs/{run}/events", get(stream::events))
        .route("/runs/{run}/report", get(run_page::report))
        .route("/runs/{run}/steps/{step}", get(output_page::page))
        .route("/runs/{run}/steps/{step}/output/{attempt}/{stream}", get(whole_output::page))
        .route("/runs/{run}/steps/{step}/output/{attempt}/{stream}/piece", get(whole_output::piece))
        .route("/runs/{run}/steps/{step}/output/{attempt}/{stream}/raw", get(whole_output::raw))
        .route("/runs/{run}/answer", post(answering::answer))
        .route("/runs/{run}/resume", post(answering::resume))
        .route("/runs/{run}/rollback", post(answering::rollback))
        .route("/runs/{run}/abandon", post(answering::abandon))
        .route("/login", get(login::page).post(login::enter))
        .route("/logout", post(login::leave))
        .route("/static/{name}", get(shell::file))
        .route("/healthz", get(health::healthz))
        .route("/metrics", get(health::metrics))
        .nest("/api", api::all())
        .layer(DefaultBodyLimit::max(FORM))
        .merge(hooks)
        .fallback(async || refusal::Refusal::nothing())
        .layer(middleware::from_fn_with_state(desk.clone(), gate::keeper))
        .with_state(desk.clone())
}
