//! From an alert to the page of its runbook: by its fingerprint, when a webhook has told us of it, or by its name.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse as _, Response};
use runbook_alerts::mapping;
use runbook_alerts::proposal::Proposal;
use runbook_model::declaration::Declaration;
use runbook_model::parameter::Origin;

use super::hooks::Alert;
use super::open_page::{self, Occasion};
use super::refusal::Refusal;
use super::shell::{self, Seen};
use super::visitor::{Viewer, Visitor};
use super::{Desk, api, group_page, link, run_page};
use crate::dossier::Verdict;
use crate::dossier::html::escape;

/// `GET /a/FINGERPRINT`: the values come from the webhook, which showed who it is.
pub(super) async fn by_fingerprint(
    State(desk): State<Arc<Desk>>,
    Viewer(visitor): Viewer,
    Path(fingerprint): Path<String>,
) -> Result<Response, Refusal> {
    // Unknown and forbidden look the same: a fingerprint can be guessed.
    let alert = desk.alerts.of(&fingerprint).ok_or_else(Refusal::nothing)?;
    found(&desk, &visitor, &alert.name(), &alert.labels, Origin::Alert, Some(&alert)).await
}

/// `GET /alert/NAME?label=value…`: when no webhook reaches us. What stands in a link is what anybody wrote there.
pub(super) async fn by_name(
    State(desk): State<Arc<Desk>>,
    Viewer(visitor): Viewer,
    Path(name): Path<String>,
    Query(query): Query<Vec<(String, String)>>,
) -> Result<Response, Refusal> {
    let labels = query.into_iter().filter(|(name, _)| !name.starts_with('_')).collect();
    found(&desk, &visitor, &name, &labels, Origin::Link, None).await
}

async fn found(
    desk: &Arc<Desk>,
    visitor: &Visitor,
    name: &str,
    labels: &BTreeMap<String, String>,
    origin: Origin,
    alert: Option<&Alert>,
) -> Result<Response, Refusal> {
    let fit = serving(desk, name, labels).await;
    let told = told(name, labels, alert);
    let seen = Seen::by(visitor, desk);
    let page = |title: &str, body: String| Ok(shell::page(Some(&seen), title, &format!("{told}{body}")).into_response());
    match fit.as_slice() {
        [only] => {
            let book = open_page::book(desk, only).await?;
            let mut proposal = Proposal::default();
            proposal.take(&book.declaration, mapping::values(&book.declaration, labels), origin);
            let rehearsed = match alert {
                Some(alert) => rehearsed(desk, alert).await,
                None => String::new(),
            };
            let group = alert.map(|alert| group_page::offered(desk, alert, &book.declaration)).unwrap_or_default();
            let fingerprint = alert.map(|alert| alert.fingerprint.clone()).unwrap_or_default();
            let occasion = Occasion { alert: format!("{told}{rehearsed}{group}"), fingerprint, ..Occasion::default() };
            Ok(open_page::shown(desk, visitor, book, proposal, occasion).await)
        }
        [] => {
            let near = near(desk, name, labels).await;
            if !near.is_empty() {
                let body = format!("<ul class=\"list\">{near}</ul>\n<p><a href=\"/\">All runbooks</a></p>\n");
                return page("No runbook for this alert with these labels", body);
            }
            let body = format!(
                "<p>No runbook says that it answers <code>{0}</code>. One that does has this in its head:</p>\n\
                 <pre>serves: [\"{0}\"]</pre>\n<p><a href=\"/\">All runbooks</a></p>\n",
                escape::line(name)
            );
            page("No runbook for this alert yet", body)
        }
        several => {
            let items =
                several.iter().map(|name| format!("<li><a href=\"/open/{}\">{}</a></li>", shell::part(name), escape::line(name)));
            page("Several runbooks answer this alert", format!("<ul class=\"list\">{}</ul>\n", items.collect::<String>()))
        }
    }
}

/// The rehearsal that the alert has started by itself.
async fn rehearsed(desk: &Arc<Desk>, alert: &Alert) -> String {
    let Some(rehearsed) = desk.rehearsing.memory.of(alert) else { return String::new() };
    let when = shell::moment(rehearsed.at);
    let came = match (rehearsed.run, rehearsed.why) {
        (Some(run), _) => {
            let verdict = run_page::look(desk, run).await.map(|looked| Verdict::of(&looked.dossier));
            let said = verdict.map(|verdict| format!("{}: {}", escape::line(&verdict.word), shell::quoting(&verdict.why)));
            format!("<a href=\"/runs/{run}\">{}</a>", said.unwrap_or_else(|_| "see what came of it".to_owned()))
        }
        (None, Some(why)) => format!("it came to nothing: {}", shell::quoting(&why)),
        (None, None) if rehearsed.done => "it came to nothing".to_owned(),
        (None, None) => "it goes on, or was cut short; load the page again".to_owned(),
    };
    format!("<p class=\"aside rehearsed\">Rehearsed by itself {when}, and nothing was changed: {came}</p>\n")
}

/// The runbooks that answer an alert.
pub(super) async fn serving(desk: &Arc<Desk>, name: &str, labels: &BTreeMap<String, String>) -> Vec<String> {
    let declared = api::runbooks(desk).await.unwrap_or_default();
    let fits = |declaration: &Option<Declaration>| {
        declaration.as_ref().is_some_and(|declaration| mapping::answers(declaration, name, labels))
    };
    declared.into_iter().filter(|(_, declaration)| fits(declaration)).map(|(name, _)| name).collect()
}

/// The runbooks that serve an alert of this name with other labels, each with what stands in its way.
async fn near(desk: &Arc<Desk>, name: &str, labels: &BTreeMap<String, String>) -> String {
    let mut items = String::new();
    for (runbook, declaration) in api::runbooks(desk).await.unwrap_or_default() {
        for unmet in declaration.iter().flat_map(|declaration| mapping::unmet(declaration, name, labels)) {
            let link = format!("<a href=\"/open/{}\">{}</a>", shell::part(&runbook), escape::line(&runbook));
            items.push_str(&format!("<li>{link} {}</li>\n", shell::quoting(&unmet.to_string())));
        }
    }
    items
}

/// What is known of an alert.
fn told(name: &str, labels: &BTreeMap<String, String>, alert: Option<&Alert>) -> String {
    let mut text = format!("<section class=\"card\" aria-label=\"The alert\">\n<h2>{}</h2>\n", escape::line(name));
    if let Some(alert) = alert {
        let state = if alert.is_firing() {
            "<strong class=\"bad\">firing</strong>"
        } else {
            "<strong class=\"good\">resolved</strong>: look first whether anything is left to do"
        };
        let since = alert.began().map(|began| format!(", began {}", shell::moment(began))).unwrap_or_default();
        text.push_str(&format!("<p>{state}{since} · told by {}</p>\n", escape::line(&alert.source)));
        for (name, value) in alert.annotations.iter().take(10) {
            let value = if value.starts_with("http") { link::outwards(value) } else { escape::line(value) };
            text.push_str(&format!("<p><span class=\"from\">{}</span> {value}</p>\n", escape::line(name)));
        }
    } else {
        text.push_str("<p class=\"from link\">Everything here comes from the link.</p>\n");
    }
    let labels = labels.iter().filter(|(label, _)| *label != "alertname").take(40);
    let labels: Vec<_> =
        labels.map(|(label, value)| format!("<code>{}={}</code>", escape::line(label), escape::line(value))).collect();
    text.push_str(&format!("<p>{}</p>\n</section>\n", labels.join(" ")));
    text
}
