//! What programs can see.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use runbook_model::declaration::Declaration;
use runbook_model::entry::{Entry, Record};
use serde_json::{Value, json};

use crate::dossier::json::document;
use crate::history::RunLine;
use crate::serve::refusal::Refusal;
use crate::serve::run_page::{self, blocking};
use crate::serve::visitor::Viewer;
use crate::serve::{Desk, alert_page, open_page};

type Fields = Vec<(String, String)>;
/// A runbook by its name, and what it says about itself; nothing when it has mistakes.
pub(in crate::serve) type Declared = (String, Option<Declaration>);

/// The newest runs.
///
/// # Errors
/// They cannot be listed.
pub(in crate::serve) async fn lines(desk: &Arc<Desk>, limit: usize) -> Result<Vec<RunLine>, Refusal> {
    wanted(desk, &Vec::new(), limit).await
}

/// The newest runs of `runbook=…` and `state=…`.
///
/// # Errors
/// They cannot be listed.
pub(in crate::serve) async fn wanted(desk: &Arc<Desk>, query: &Fields, limit: usize) -> Result<Vec<RunLine>, Refusal> {
    let field = |name: &str| query.iter().find(|(field, _)| field == name).map(|(_, value)| value.clone());
    let (runbook, state) = (field("runbook"), field("state"));
    let limit = field("limit").and_then(|limit| limit.parse().ok()).unwrap_or(limit).min(1_000);
    let runs = desk.place.configuration.state_dir.value.join("runs");
    let mark = std::fs::metadata(runs).and_then(|runs| runs.modified()).ok();
    let key = (runbook.clone(), state.clone(), limit);
    desk.listed.get(key, mark, || listed(desk, runbook, state, limit)).await
}

async fn listed(desk: &Arc<Desk>, runbook: Option<String>, state: Option<String>, limit: usize) -> Result<Vec<RunLine>, Refusal> {
    let desk = desk.clone();
    blocking(move || {
        let Some(history) = desk.history()? else { return Ok(Vec::new()) };
        let begun = |records: &[Record]| {
            runbook.as_ref().is_none_or(|name| {
                records.iter().any(|record| matches!(&record.entry, Entry::RunStarted(started) if started.runbook == *name))
            })
        };
        let fits = |line: &RunLine| state.as_ref().is_none_or(|state| line.word() == state);
        Ok(history.lines(&history.runs()?, limit, begun, fits).0)
    })
    .await
}

/// Every runbook, and what it says about itself; nothing for one that has mistakes.
///
/// # Errors
/// They cannot be read at all.
pub(in crate::serve) async fn runbooks(desk: &Arc<Desk>) -> Result<Vec<Declared>, Refusal> {
    desk.declared.get((), (), || declared(desk)).await.map(|all| all.to_vec())
}

async fn declared(desk: &Arc<Desk>) -> Result<Arc<[Declared]>, Refusal> {
    let desk = desk.clone();
    blocking(move || {
        let library = desk.library();
        let read = |title| library.read(&title).ok().map(|(_, declaration)| declaration);
        Ok(library.titles().into_iter().map(|title| (title.name.clone(), read(title))).collect())
    })
    .await
}

/// `GET /api/runbooks`.
pub(super) async fn list_runbooks(State(desk): State<Arc<Desk>>, _: Viewer) -> Result<Json<Value>, Refusal> {
    let all = runbooks(&desk).await?;
    let all: Vec<_> = all.into_iter().map(|(name, declaration)| json!({ "name": name, "declaration": declaration })).collect();
    Ok(Json(json!({ "v": 1, "runbooks": all })))
}

/// `GET /api/runbooks/NAME`.
pub(super) async fn runbook(State(desk): State<Arc<Desk>>, _: Viewer, Path(name): Path<String>) -> Result<Json<Value>, Refusal> {
    let book = open_page::book(&desk, &name).await?;
    Ok(Json(json!({ "v": 1, "name": book.title.name, "file": book.title.file, "declaration": book.declaration })))
}

/// `GET /api/runs`.
pub(super) async fn list_runs(
    State(desk): State<Arc<Desk>>,
    _: Viewer,
    Query(query): Query<Fields>,
) -> Result<Json<Value>, Refusal> {
    let lines = wanted(&desk, &query, 100).await?;
    Ok(Json(json!({ "v": 1, "runs": lines })))
}

/// `GET /api/runs/RUN`: what `runbook report --format json` says, and what is asked now.
pub(super) async fn run(State(desk): State<Arc<Desk>>, _: Viewer, Path(run): Path<String>) -> Result<Json<Value>, Refusal> {
    let run = run_page::found(&desk, &run).await?;
    let looked = run_page::look(&desk, run).await?;
    let mut told = document(&looked.dossier);
    let free = looked.dossier.at_work.is_none();
    let asked = looked.questions.iter().filter(|_| free).map(|question| {
        json!({
            "step": question.path, "text": question.text, "confirm": question.confirm, "shown": question.shown,
            "so_far": question.so_far, "until": question.until, "asked": question.asked,
        })
    });
    if let Some(told) = told.as_object_mut() {
        told.insert("questions".to_owned(), asked.collect());
    }
    Ok(Json(told))
}

/// `GET /api/alerts?unmapped=1`: what fires; or what fired without a runbook, the most frequent first.
pub(super) async fn alerts(State(desk): State<Arc<Desk>>, _: Viewer, Query(query): Query<Fields>) -> Json<Value> {
    if !query.iter().any(|(name, value)| name == "unmapped" && value != "0") {
        return Json(json!({ "v": 1, "alerts": desk.alerts.firing() }));
    }
    let mut unmapped = Vec::new();
    for (name, count, alert) in desk.alerts.counted() {
        if alert_page::serving(&desk, &name, &alert.labels).await.is_empty() {
            unmapped.push(json!({ "alert": name, "count": count, "labels": alert.labels }));
        }
    }
    Json(json!({ "v": 1, "unmapped": unmapped }))
}
