//! What programs can ask for.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use runbook_model::answer::Said;
use runbook_model::digest::Digest;
use runbook_model::parameter::Origin;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::serve::refusal::Refusal;
use crate::serve::starting::{Wanted, begin};
use crate::serve::visitor::{Viewer, Visitor};
use crate::serve::{Desk, answering, field, open_page, run_page};

/// What to start.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Start {
    runbook: String,
    /// A rehearsal unless it says `live`.
    #[serde(default)]
    mode: Mode,
    #[serde(default)]
    env: Option<String>,
    #[serde(default)]
    params: BTreeMap<String, Value>,
    #[serde(default)]
    without_rehearsal: Option<String>,
    /// The fingerprint of the alert that it answers.
    #[serde(default)]
    alert: Option<String>,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Mode {
    #[default]
    Rehearsal,
    Live,
}

/// What to answer.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Answer {
    said: Said,
    shown: Digest,
    #[serde(default)]
    note: Option<String>,
}

fn judged<T>(visitor: &Visitor, body: Result<Json<T>, JsonRejection>) -> Result<T, Refusal> {
    if !visitor.by_token {
        return Err(Refusal::new(StatusCode::FORBIDDEN, "programs show a token: `authorization: Bearer …`"));
    }
    body.map(|Json(body)| body).map_err(|error| Refusal::new(error.status(), error.body_text()))
}

/// `POST /api/runs`.
pub(super) async fn start(
    State(desk): State<Arc<Desk>>,
    Viewer(visitor): Viewer,
    body: Result<Json<Start>, JsonRejection>,
) -> Result<(StatusCode, Json<Value>), Refusal> {
    let start = judged(&visitor, body)?;
    // As text it would be a word like any other.
    if let Some((name, _)) = start.params.iter().find(|(_, value)| value.is_null()) {
        let refusal =
            Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, format!("`{name}` is null, which is no value; nothing was run"));
        return Err(refusal.hint("leave it out, or say what it is"));
    }
    let book = open_page::book(&desk, &start.runbook).await?;
    let params = start.params.into_iter().map(|(name, value)| (name, field::as_text(&value), Origin::Typed)).collect();
    let shown = Some(Digest::of_json(&book.program.pinned()));
    let live = start.mode == Mode::Live;
    let wanted = Wanted {
        runbook: book.title.name,
        live,
        env: start.env,
        without_rehearsal: start.without_rehearsal,
        params,
        shown,
        alert: start.alert,
    };
    let run = begin(&desk, &visitor, wanted).await?;
    Ok((StatusCode::CREATED, Json(json!({ "v": 1, "run": run }))))
}

/// `POST /api/runs/RUN/answer`.
pub(super) async fn answer(
    State(desk): State<Arc<Desk>>,
    Viewer(visitor): Viewer,
    Path(run): Path<String>,
    body: Result<Json<Answer>, JsonRejection>,
) -> Result<Json<Value>, Refusal> {
    let answer = judged(&visitor, body)?;
    let run = run_page::found(&desk, &run).await?;
    answering::give(&desk, &visitor, run, answer.said, answer.note.as_deref(), Some(answer.shown)).await?;
    Ok(Json(json!({ "v": 1, "run": run })))
}
