//! The page of a runbook: what it is for, a form for its parameters, and two ways to start it.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use runbook_alerts::proposal::Proposal;
use runbook_model::declaration::Declaration;
use runbook_model::digest::Digest;
use runbook_model::parameter::Origin;
use runbook_runtime::script::Program;

use super::form::Sent;
use super::refusal::Refusal;
use super::shell::{self, Seen, quoting};
use super::visitor::{Viewer, Visitor};
use super::{Desk, field, link, token};
use crate::dossier::html::escape;
use crate::library::{Title, broken};
use crate::output::style::Palette;
use crate::rehearsal::Past;

/// A runbook that was read.
pub(super) struct Book {
    pub(super) title: Title,
    pub(super) program: Program,
    pub(super) declaration: Declaration,
}

/// Reads a runbook by its name. Paths are for the command line.
///
/// # Errors
/// There is none of that name, or it has mistakes.
pub(super) async fn book(desk: &Arc<Desk>, name: &str) -> Result<Book, Refusal> {
    let (desk, name) = (desk.clone(), name.to_owned());
    let read = tokio::task::spawn_blocking(move || {
        let library = desk.library();
        let Some(title) = library.titles().into_iter().find(|title| title.name == name) else {
            let near = runbook_model::parameter::nearest(&name, library.titles().iter().map(|title| title.name.as_str()))
                .map(str::to_owned);
            let refusal = Refusal::new(StatusCode::NOT_FOUND, format!("there is no runbook `{name}`"));
            return Err(near.map_or(refusal.clone(), |near| refusal.hint(format!("did you mean `{near}`?"))));
        };
        let (program, declaration) =
            library.read(&title).map_err(|wrong| Refusal::from(broken(&title, &wrong, Palette::plain())))?;
        Ok(Book { title, program, declaration })
    });
    read.await.map_err(|error| Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()))?
}

/// What a page says above the form.
#[derive(Debug, Default)]
pub(super) struct Occasion {
    /// HTML: the alert that led here.
    pub(super) alert: String,
    /// Its fingerprint, if somebody told us of it: it is told how the run ends.
    pub(super) fingerprint: String,
    /// What is wrong with what was sent.
    pub(super) wrong: Vec<String>,
    /// Whether running for real was chosen.
    pub(super) live: bool,
    pub(super) env: String,
    /// Values that were typed.
    pub(super) typed: BTreeMap<String, String>,
}

/// `GET /open/RUNBOOK?…`: the parameters may stand in the address, and nothing else counts there.
pub(super) async fn page(
    State(desk): State<Arc<Desk>>,
    Viewer(visitor): Viewer,
    Path(name): Path<String>,
    Query(query): Query<Vec<(String, String)>>,
) -> Result<Response, Refusal> {
    let book = book(&desk, &name).await?;
    let mut proposal = Proposal::default();
    // Names that begin with `_` are ours.
    proposal.take(&book.declaration, query.into_iter().filter(|(name, _)| !name.starts_with('_')), Origin::Link);
    Ok(shown(&desk, &visitor, book, proposal, Occasion::default()).await)
}

/// The page with a form.
pub(super) async fn shown(desk: &Arc<Desk>, visitor: &Visitor, book: Book, proposal: Proposal, occasion: Occasion) -> Response {
    let (there, visitor) = (desk.clone(), visitor.clone());
    let body = tokio::task::spawn_blocking(move || body(&there, &visitor, &book, &proposal, None, &occasion));
    body.await.unwrap_or_else(|error| Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response())
}

/// The page again, with what was sent and what is wrong with it.
pub(super) fn again(
    desk: &Arc<Desk>,
    sent: &Sent,
    book: &Book,
    params: &[(String, String, Origin)],
    carried: &str,
    wrong: &[String],
) -> Response {
    let proposal = Proposal { values: Proposal::read(carried), ..Proposal::default() };
    let occasion = Occasion {
        wrong: wrong.to_vec(),
        fingerprint: sent.field("alert").to_owned(),
        live: sent.field("mode") == "live",
        env: sent.field("env").to_owned(),
        typed: params.iter().map(|(name, value, _)| (name.clone(), value.clone())).collect(),
        ..Occasion::default()
    };
    let mut response = body(desk, &sent.visitor, book, &proposal, Some(sent.field("proposed")), &occasion);
    *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    response
}

fn body(
    desk: &Desk,
    visitor: &Visitor,
    book: &Book,
    proposal: &Proposal,
    carried: Option<&str>,
    occasion: &Occasion,
) -> Response {
    let seen = Seen::by(visitor, desk);
    let declaration = &book.declaration;
    let mut body = occasion.alert.clone();
    body.push_str(&format!("<p class=\"aside\"><code>{}</code>", escape::line(&book.title.name)));
    for fact in [
        declaration.owner.as_ref().map(|owner| format!("owner: {owner}")),
        declaration.budget.map(|budget| format!("within {budget}")),
    ]
    .into_iter()
    .flatten()
    {
        body.push_str(&format!(" · {}", escape::line(&fact)));
    }
    body.push_str("</p>\n");
    if let Some(about) = &declaration.about {
        body.push_str(&format!(
            "<details><summary>What it is for</summary><pre>{}</pre></details>\n",
            escape::block(about.trim().as_bytes())
        ));
    }
    if let Ok(Some(history)) = desk.history() {
        for (_, line) in Past::of(history.state(), &book.title.name).said(declaration.budget, jiff::Timestamp::now()) {
            body.push_str(&format!("<p>{}</p>\n", quoting(&line)));
        }
        body.push_str(&format!("<p><a href=\"/runs?runbook={}\">Its runs</a></p>\n", shell::part(&book.title.name)));
    }
    for link in &declaration.links {
        body.push_str(&format!("<p>{}</p>\n", link::outwards(link)));
    }
    if !occasion.wrong.is_empty() {
        body.push_str("<div class=\"trouble\" role=\"alert\"><p>Nothing was run:</p><ul>");
        body.extend(occasion.wrong.iter().map(|wrong| format!("<li>{}</li>", quoting(wrong))));
        body.push_str("</ul></div>\n");
    }
    let (twice, unknown) = proposal.ignored(declaration);
    let reasons = ["Given twice, and the first one counts", "Ignored, because the runbook has no such parameter"];
    for (why, names) in reasons.into_iter().zip([twice, unknown]).filter(|(_, names)| !names.is_empty()) {
        body.push_str(&format!("<p class=\"aside\">{why}: {}</p>\n", escape::line(&names.join(", "))));
    }
    body.push_str(&form(desk, &seen, book, proposal, carried, occasion));
    shell::page(Some(&seen), &declaration.title, &body).into_response()
}

fn form(desk: &Desk, seen: &Seen<'_>, book: &Book, proposal: &Proposal, carried: Option<&str>, occasion: &Occasion) -> String {
    let name = escape::line(&book.title.name);
    let mut form = format!(
        "<form method=\"post\" action=\"/runs\" class=\"card\">{}<input type=\"hidden\" name=\"runbook\" value=\"{name}\">\
         <input type=\"hidden\" name=\"once\" value=\"{}\"><input type=\"hidden\" name=\"shown\" value=\"{}\">\
         <input type=\"hidden\" name=\"proposed\" value=\"{}\">\n",
        seen.field(),
        token::fresh().unwrap_or_default(),
        Digest::of_json(&book.program.pinned()),
        carried.map_or_else(|| desk.forgery.sealed(&seen.visitor.key, &proposal.text()), escape::line),
    );
    if !occasion.fingerprint.is_empty() {
        form.push_str(&format!("<input type=\"hidden\" name=\"alert\" value=\"{}\">\n", escape::line(&occasion.fingerprint)));
    }
    let secrets = secrets(desk);
    for (name, parameter) in &book.declaration.params {
        form.push_str(&field::shown(name, parameter, proposal, occasion, &secrets));
    }
    if !desk.place.configuration.environments.is_empty() {
        let usual = desk.place.configuration.env.as_ref().map_or("", |env| env.value.as_str());
        let chosen = if occasion.env.is_empty() { usual } else { &occasion.env };
        form.push_str(
            "<label for=\"env\">Environment</label>\n<select id=\"env\" name=\"env\">\n<option value=\"\">none</option>\n",
        );
        for env in desk.place.configuration.environments.keys() {
            let selected = if env == chosen { " selected" } else { "" };
            form.push_str(&format!("<option{selected}>{}</option>\n", escape::line(env)));
        }
        form.push_str("</select>\n");
        form.push_str("<label for=\"without\">Why without a rehearsal, where one is wanted</label><input id=\"without\" name=\"without\" autocomplete=\"off\">\n");
    }
    let (rehearse, live) = if occasion.live { ("", " checked") } else { (" checked", "") };
    form.push_str(&format!(
        "<fieldset><legend>How</legend>\n<label class=\"choice\"><input type=\"radio\" name=\"mode\" value=\"rehearsal\"{rehearse}>Rehearse: look, \
         and change nothing</label>\n<label class=\"choice\"><input type=\"radio\" name=\"mode\" value=\"live\"{live}>Run it for real</label>\n</fieldset>\n"
    ));
    if seen.visitor.roles.operates {
        form + "<div class=\"acts\"><button>Start</button></div>\n</form>\n"
    } else {
        form + "<p>You may look, and not run: <code>operators</code> of <code>[serve]</code> may.</p>\n</form>\n"
    }
}

/// The names of the secrets that a parameter may name, without patterns.
fn secrets(desk: &Desk) -> Vec<String> {
    let environment = desk.place.configuration.environment(None);
    let sources = environment.map(|(_, environment)| environment.sources()).unwrap_or_default();
    sources.names().filter(|name| !name.ends_with('*')).map(str::to_owned).collect()
}
