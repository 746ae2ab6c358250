//! The history.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::{IntoResponse as _, Response};
use jiff::Timestamp;
use runbook_model::entry::Mode;

use super::refusal::Refusal;
use super::shell::{self, Seen};
use super::visitor::Viewer;
use super::{Desk, api};
use crate::dossier::html::escape;
use crate::history::RunLine;
use crate::output::elapsed;

/// So many runs are on a page.
const MOST: usize = 100;

/// `GET /runs?runbook=…&state=…`.
pub(super) async fn page(
    State(desk): State<Arc<Desk>>,
    Viewer(visitor): Viewer,
    Query(query): Query<Vec<(String, String)>>,
) -> Result<Response, Refusal> {
    let lines = api::wanted(&desk, &query, MOST).await?;
    let seen = Seen::by(&visitor, &desk);
    let body = if lines.is_empty() { "<p>No runs.</p>\n".to_owned() } else { list(&lines) };
    Ok(shell::page(Some(&seen), "Runs", &body).into_response())
}

/// Runs, each in a line.
pub(super) fn list(lines: &[RunLine]) -> String {
    let items = lines.iter().map(|line| {
        let rehearsal = if line.mode == Mode::Rehearsal && line.word() != "rehearsed" { " (rehearsal)" } else { "" };
        let name = if line.runbook.is_empty() { "unreadable" } else { &line.runbook };
        let by = line.operator.as_ref().map(|by| format!(" · {by}")).unwrap_or_default();
        let env = line.env.as_ref().map(|env| format!(" · {env}")).unwrap_or_default();
        format!(
            "<li><a href=\"/runs/{}\">{}</a> <strong>{}</strong>{rehearsal} <span class=\"aside\">{}{} · {} · took {}</span></li>\n",
            line.run,
            escape::line(name),
            line.word(),
            shell::moment(line.started),
            escape::line(&by),
            escape::line(&env).trim_start_matches(" · "),
            elapsed::short(line.millis(Timestamp::now())),
        )
        .replace(" ·  · ", " · ")
    });
    format!("<ul class=\"list\">\n{}</ul>\n", items.collect::<String>())
}
