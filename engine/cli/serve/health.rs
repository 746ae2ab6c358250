//! For whoever watches the server.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};

use super::refusal::Refusal;
use super::visitor::Viewer;
use super::{Desk, api};

/// Whether the server can do its work: the state directory is there.
pub(super) async fn healthz(State(desk): State<Arc<Desk>>) -> Response {
    match desk.history() {
        Ok(Some(_)) => "ok\n".into_response(),
        _ => (StatusCode::SERVICE_UNAVAILABLE, "the state directory cannot be read\n").into_response(),
    }
}

/// Counters in the text format of Prometheus. For viewers: `authorization` of the scrape configuration holds their token.
pub(super) async fn metrics(State(desk): State<Arc<Desk>>, _: Viewer) -> Result<Response, Refusal> {
    let counted = &desk.counted;
    let rows: [(&str, &str, &str, &AtomicU64); 9] = [
        ("requests_total", "counter", "Requests.", &counted.requests),
        ("refused_total", "counter", "Requests that were refused or failed.", &counted.refused),
        ("started_total", "counter", "Runs and rehearsals that were started here.", &counted.started),
        ("rehearsed_total", "counter", "Rehearsals that an alert started.", &counted.rehearsed),
        ("answers_total", "counter", "Confirms that were answered here.", &counted.answered),
        ("alerts_total", "counter", "Alerts that came in, each occurrence once.", &counted.alerts),
        ("viewers", "gauge", "Who looks at a run now.", &counted.viewers),
        ("notified_total", "counter", "Messages that were sent.", &counted.notified),
        ("unnotified_total", "counter", "Messages that could not be sent at the last try.", &counted.unnotified),
    ];
    let mut text = String::new();
    for (name, kind, help, value) in rows {
        let value = value.load(Ordering::Relaxed);
        text.push_str(&format!(
            "# HELP runbook_serve_{name} {help}\n# TYPE runbook_serve_{name} {kind}\nrunbook_serve_{name} {value}\n"
        ));
    }
    let lines = api::lines(&desk, 1_000).await?;
    text.push_str("# HELP runbook_runs Runs among the newest 1000, by what they are.\n# TYPE runbook_runs gauge\n");
    let mut words: std::collections::BTreeMap<&str, u64> = std::collections::BTreeMap::new();
    for line in &lines {
        *words.entry(line.word()).or_default() += 1;
    }
    for (word, count) in words {
        text.push_str(&format!("runbook_runs{{state=\"{word}\"}} {count}\n"));
    }
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response())
}
