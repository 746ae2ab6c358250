//! What a person asks for: a run, or a rehearsal.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use runbook_alerts::proposal::Proposal;
use runbook_model::digest::Digest;
use runbook_model::id::RunId;
use runbook_model::parameter::Origin;

use super::begun::Slot;
use super::deed::{Deed, Until, perform, refused};
use super::form::Sent;
use super::hooks::Alert;
use super::refusal::Refusal;
use super::visitor::Visitor;
use super::{Desk, field, open_page, reply};

/// What somebody wants to start.
pub(super) struct Wanted {
    pub(super) runbook: String,
    pub(super) live: bool,
    pub(super) env: Option<String>,
    pub(super) without_rehearsal: Option<String>,
    /// Each with where it comes from.
    pub(super) params: Vec<(String, String, Origin)>,
    pub(super) shown: Option<Digest>,
    /// The fingerprint of the alert that it answers.
    pub(super) alert: Option<String>,
}

/// Starts a run or a rehearsal.
///
/// # Errors
/// This visitor may not, or the process that was started did not begin a run.
pub(super) async fn begin(desk: &Desk, visitor: &Visitor, wanted: Wanted) -> Result<RunId, Refusal> {
    if !visitor.roles.operates {
        return Err(Refusal::new(StatusCode::FORBIDDEN, "you may look, and not run: `operators` of [serve] may"));
    }
    let mut line = vec!["exec".to_owned()];
    line.extend((!wanted.live).then(|| "--dry-run".to_owned()));
    line.extend(wanted.env.map(|env| format!("--env={env}")));
    line.extend(wanted.without_rehearsal.filter(|_| wanted.live).map(|why| format!("--without-rehearsal={why}")));
    let mut origins = BTreeMap::new();
    for (name, value, origin) in wanted.params {
        line.push(format!("--param={name}={value}"));
        origins.insert(name, origin);
    }
    // Nothing behind this is an option, whatever it is called.
    line.extend(["--".to_owned(), wanted.runbook]);
    // One that nobody told of is nothing.
    let alert = wanted.alert.and_then(|fingerprint| desk.alerts.of(&fingerprint));
    let named = alert.as_ref().map(Alert::named);
    let deed = Deed { origins, shown: wanted.shown, alert: named, ..Deed::by(&visitor.name, line, Until::Begun) };
    let came = perform(desk, deed).await?;
    match came.run {
        Some(run) => {
            if let Some(alert) = alert {
                reply::note(desk, run, alert);
            }
            desk.counted.started.fetch_add(1, Ordering::Relaxed);
            Ok(run)
        }
        None => Err(refused(&came)),
    }
}

/// `POST /runs`: the form of a runbook's page.
pub(super) async fn start(State(desk): State<Arc<Desk>>, sent: Sent) -> Result<Response, Refusal> {
    let book = open_page::book(&desk, sent.field("runbook")).await?;
    let shown = sent.field("shown").parse::<Digest>().ok();
    if shown != Some(Digest::of_json(&book.program.pinned())) {
        let message = "the runbook has changed since this page was made (RB0048); nothing was run";
        return Err(Refusal::new(StatusCode::CONFLICT, message).hint("go back, load the page again, and read it once more"));
    }
    let live = sent.field("mode") == "live";
    let carried = desk.forgery.opened(&sent.visitor.key, sent.field("proposed")).unwrap_or_default();
    let proposed = Proposal::read(&carried);
    let (mut params, mut again) = (Vec::new(), Vec::new());
    for (name, value) in sent.with("p.") {
        let parameter = book.declaration.params.get(name);
        let fallback = parameter.and_then(|parameter| parameter.fallback.as_ref());
        let proposed = proposed.get(name);
        let read = |text: &str| match parameter {
            Some(parameter) => field::sent(parameter, text, proposed.map(|(proposed, _)| proposed.as_str())),
            None => text.to_owned(),
        };
        let same = |one: &str, other: &str| parameter.is_some_and(|parameter| field::same(parameter, one, other));
        let value = read(value);
        if fallback.is_some_and(|fallback| field::as_text(fallback) == value) || (fallback.is_none() && value.is_empty()) {
            continue;
        }
        let origin = proposed.filter(|(proposed, _)| same(proposed, &value)).map_or(Origin::Typed, |(_, origin)| *origin);
        // Whoever changes one item of a list has typed that one, and not the others.
        let keeps = |text: &str| parameter.is_some_and(|parameter| field::keeps(parameter, text, &value));
        let kept = proposed.filter(|(proposed, _)| keeps(proposed)).map(|(_, origin)| *origin);
        // A link proposes; whoever changes the world says what with their own hands.
        if live && kept == Some(Origin::Link) && !same(&read(sent.field(&format!("again.{name}"))), &value) {
            again.push(format!("`{name}` comes from a link: type it again to run for real"));
        }
        // Nobody reads a hundred names at night: but everybody can say how many they are.
        let count = parameter.map_or(0, |parameter| field::count(parameter, &value));
        if live && kept.is_some() && count > field::LARGE && sent.field(&format!("count.{name}")).trim() != count.to_string() {
            again.push(format!("`{name}` names {count}: type that number to run for real"));
        }
        params.push((name.to_owned(), value, origin));
    }
    let resolved = runbook_model::parameter::resolve(&book.declaration.params, &params);
    if !again.is_empty() || resolved.is_err() {
        let mut wrong: Vec<String> = resolved.err().unwrap_or_default().iter().map(ToString::to_string).collect();
        wrong.append(&mut again);
        return Ok(open_page::again(&desk, &sent, &book, &params, &carried, &wrong));
    }
    let text = |field: &str| Some(sent.field(field).trim().to_owned()).filter(|text| !text.is_empty());
    let (runbook, without_rehearsal) = (book.title.name.clone(), text("without"));
    let wanted = Wanted { runbook, live, env: text("env"), without_rehearsal, params, shown, alert: text("alert") };
    // Each page has a number of its own: who loads it anew and sends the same means another run.
    let slot = if sent.field("once").is_empty() { Slot::default() } else { desk.begun.of(sent.digest()) };
    let mut begun = slot.lock().await;
    let came = match &*begun {
        Some(came) => came.clone(),
        None => begin(&desk, &sent.visitor, wanted).await,
    };
    if came.as_ref().err().is_none_or(Refusal::goes_on) {
        *begun = Some(came.clone());
    }
    let run = came?;
    Ok(Redirect::to(&format!("/runs/{run}")).into_response())
}
