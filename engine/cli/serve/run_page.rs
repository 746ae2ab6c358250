//! The page of a run: how it stands, what it asks, what can be done about it, and each step.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse as _, Response};
use runbook_model::entry::Mode;
use runbook_model::id::RunId;
use runbook_model::state::RunState;
use runbook_model::status::RunStatus;

use super::Desk;
use super::feed::{Picture, drawn};
use super::question::Question;
use super::refusal::Refusal;
use super::shell::{self, Seen};
use super::visitor::Viewer;
use crate::dossier::html::escape;
use crate::dossier::{Dossier, facts, html};

/// The run of an address: by its id, in full or as far as no other begins like that.
///
/// # Errors
/// There is none.
pub(super) async fn found(desk: &Arc<Desk>, given: &str) -> Result<RunId, Refusal> {
    let (desk, given) = (desk.clone(), given.to_ascii_uppercase());
    blocking(move || {
        let history = desk.history()?.ok_or_else(Refusal::nothing)?;
        history.find(&given).map_err(|_| Refusal::nothing())
    })
    .await
}

/// Does something that reads files.
///
/// # Errors
/// What it says, or that it broke down.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Refusal> + Send + 'static,
) -> Result<T, Refusal> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()))?
}

/// A run that was looked at.
#[derive(Debug)]
pub(super) struct Looked {
    pub(super) dossier: Dossier,
    pub(super) state: Option<RunState>,
    pub(super) questions: Vec<Question>,
    pub(super) records: u64,
}

/// Looks at a run; many who look at the same time look together.
///
/// # Errors
/// It cannot be read.
pub(super) async fn look(desk: &Arc<Desk>, run: RunId) -> Result<Arc<Looked>, Refusal> {
    let there = desk.clone();
    // By which a change is known: the length of the journal, and whether somebody is at work.
    let mark = blocking(move || {
        let history = there.history()?.ok_or_else(Refusal::nothing)?;
        Ok((std::fs::metadata(history.dir(run).journal()).map_or(0, |journal| journal.len()), history.held(run).is_some()))
    });
    let mark = mark.await?;
    desk.looked.get(run, mark, || read(desk, run)).await
}

async fn read(desk: &Arc<Desk>, run: RunId) -> Result<Arc<Looked>, Refusal> {
    let desk = desk.clone();
    blocking(move || {
        let history = desk.history()?.ok_or_else(Refusal::nothing)?;
        let (reading, _) = history.read(run)?;
        let records = reading.records.len() as u64;
        let state = RunState::fold(&reading.records).ok().flatten();
        let questions = state.as_ref().map(Question::all).unwrap_or_default();
        Ok(Arc::new(Looked { dossier: Dossier::of(&history, run)?, state, questions, records }))
    })
    .await
}

/// `GET /runs/RUN`.
pub(super) async fn page(
    State(desk): State<Arc<Desk>>,
    Viewer(visitor): Viewer,
    Path(run): Path<String>,
) -> Result<Response, Refusal> {
    let run = found(&desk, &run).await?;
    let looked = look(&desk, run).await?;
    let Looked { dossier, state, questions, records } = &*looked;
    let seen = Seen::by(&visitor, &desk);
    let picture = drawn(&Picture::default(), dossier, *records);
    let mut body = format!(
        "<p class=\"aside\"><a href=\"/open/{0}\">{1}</a> · run <code>{run}</code>{2}</p>\n",
        shell::part(&dossier.account.started.runbook),
        escape::line(&dossier.account.started.runbook),
        if dossier.account.started.mode == Mode::Rehearsal { " · rehearsal: nothing is changed" } else { "" },
    );
    body.push_str(&format!("<div id=\"standing\" role=\"status\" aria-live=\"polite\">{}</div>\n", picture.standing.1));
    body.push_str("<p id=\"news\" role=\"status\" hidden><a href=\"\">Something has changed: show it</a></p>\n");
    body.push_str(
        "<p id=\"lost\" class=\"wrong\" role=\"status\" hidden>Nothing is heard of this run at the moment: <a href=\"\">load the page again</a></p>\n",
    );
    if let Some(trouble) = facts::trouble(dossier) {
        body.push_str(&format!("<p class=\"trouble\">{}</p>\n", shell::quoting(&trouble)));
    }
    let is_free = dossier.at_work.is_none();
    if let (Some(state), true) = (state, is_free) {
        questions.iter().for_each(|question| body.push_str(&question.card(&seen, state)));
    }
    if !is_free && !questions.is_empty() {
        body.push_str("<p class=\"aside\">It waits for an answer as well, and takes it here when it does nothing else.</p>\n");
    }
    if is_free && visitor.roles.operates {
        body.push_str(&acts(dossier, !questions.is_empty(), &seen));
    }
    body.push_str("<h2>Steps</h2>\n<ol class=\"rows\" id=\"rows\">\n");
    picture.rows.iter().for_each(|row| body.push_str(&format!("{}\n", row.1.html)));
    body.push_str("</ol>\n");
    body.push_str(&params(dossier));
    body.push_str(&format!(
        "<p class=\"acts\"><a href=\"/runs/{run}/report\">Report for the incident review</a> <a id=\"manual\" href=\"\">Look again</a></p>\n\
         <div hidden data-events=\"/runs/{run}/events?after={records}\" data-turn=\"{}\"></div>\n",
        escape::line(&picture.turn)
    ));
    Ok(shell::page(Some(&seen), &dossier.account.started.title, &body).into_response())
}

/// What can be done about a run that nobody works on.
fn acts(dossier: &Dossier, asks: bool, seen: &Seen<'_>) -> String {
    let account = &dossier.account;
    let (run, field) = (account.run, seen.field());
    if account.started.mode == Mode::Rehearsal {
        return String::new();
    }
    let mut acts = String::new();
    if !account.is_over && !asks {
        acts.push_str(&format!("<form method=\"post\" action=\"/runs/{run}/resume\">{field}<button>Resume</button></form>\n"));
    }
    if !account.owing.is_empty() && !matches!(account.state, RunStatus::RolledBack | RunStatus::Abandoned { .. }) {
        let owed: String = account.owing.iter().map(|path| format!("<li>{}</li>", escape::line(&path.told()))).collect();
        acts.push_str(&format!(
            "<details><summary>Roll back…</summary><p>Takes back, newest first:</p><ol>{owed}</ol><form method=\"post\" action=\"/runs/{run}/rollback\">{field}\
             <label class=\"choice\"><input type=\"checkbox\" name=\"sure\" value=\"yes\">Roll it back for real</label><button class=\"bad\">Roll back</button></form></details>\n"
        ));
    }
    if !account.is_over {
        let owed = match account.owing.len() {
            0 => String::new(),
            1 => " 1 step that it did owes a way back, and will not get one.".to_owned(),
            owed => format!(" {owed} steps that it did owe a way back, and will not get one."),
        };
        acts.push_str(&format!(
            "<details><summary>Give up…</summary><p>Nothing is done and nothing is rolled back; the run cannot be resumed any more.{owed}</p>\
             <form method=\"post\" action=\"/runs/{run}/abandon\">{field}<label for=\"why\">Why, for the record</label>\
             <input id=\"why\" name=\"why\" required maxlength=\"1000\" autocomplete=\"off\">\
             <label class=\"choice\"><input type=\"checkbox\" name=\"sure\" value=\"yes\">Give it up for good</label><button class=\"bad\">Give up</button></form></details>\n"
        ));
    }
    if acts.is_empty() { acts } else { format!("<div class=\"acts\">{acts}</div>\n") }
}

fn params(dossier: &Dossier) -> String {
    let rows = facts::parameters(dossier).into_iter().map(|(name, value, origin)| {
        format!(
            "<div><dt>{}</dt><dd><code>{}</code> <span class=\"from\">{origin}</span></dd></div>\n",
            escape::line(&name),
            escape::line(&value)
        )
    });
    let rows: String = rows.collect();
    if rows.is_empty() { rows } else { format!("<h2>Parameters</h2>\n<dl class=\"facts\">\n{rows}</dl>\n") }
}

/// `GET /runs/RUN/report`: the report, as `runbook report --format html` writes it. Its styles are its own, and it may do nothing else.
pub(super) async fn report(State(desk): State<Arc<Desk>>, _: Viewer, Path(run): Path<String>) -> Result<Response, Refusal> {
    let run = found(&desk, &run).await?;
    let looked = look(&desk, run).await?;
    let mut response = Html(html::page(&looked.dossier)).into_response();
    let policy =
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox";
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    Ok(response)
}
