//! "All 120 of them": the alerts of a group that fire, as one form. What differs between them goes into a parameter that is a list;
//! nothing is taken from what a message says is common to them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use runbook_alerts::proposal::Proposal;
use runbook_model::declaration::Declaration;
use runbook_model::parameter::{Kind, Origin, list};

use super::hooks::Alert;
use super::open_page::{self, Occasion};
use super::refusal::Refusal;
use super::shell::{self, Seen};
use super::visitor::Viewer;
use super::{Desk, alert_page};
use crate::dossier::html::escape;

/// So many alerts of a group are listed; all of them count.
const LISTED: usize = 200;

/// The link from one alert to its group, where a runbook takes several of them.
pub(super) fn offered(desk: &Desk, alert: &Alert, declaration: &Declaration) -> String {
    let takes = declaration.params.values().any(|parameter| parameter.kind == Kind::List && parameter.from_label.is_some());
    let count = desk.alerts.group(alert).len();
    if !takes || count < 2 {
        return String::new();
    }
    format!(
        "<p class=\"acts\"><a class=\"button quiet\" href=\"/a/{}/group\">All {count} that fire in this group</a></p>\n",
        shell::part(&alert.fingerprint)
    )
}

/// `GET /a/FINGERPRINT/group`.
pub(super) async fn page(
    State(desk): State<Arc<Desk>>,
    Viewer(visitor): Viewer,
    Path(fingerprint): Path<String>,
) -> Result<Response, Refusal> {
    let alert = desk.alerts.of(&fingerprint).ok_or_else(Refusal::nothing)?;
    let group = desk.alerts.group(&alert);
    let told = told(&alert, &group);
    let serving = alert_page::serving(&desk, &alert.name(), &alert.labels).await;
    let [runbook] = serving.as_slice() else {
        let body = format!(
            "{told}<p>Not one runbook alone answers it: <a href=\"/a/{}\">one alert at a time</a>.</p>\n",
            shell::part(&fingerprint)
        );
        return Ok(shell::page(Some(&Seen::by(&visitor, &desk)), &alert.name(), &body).into_response());
    };
    let book = open_page::book(&desk, runbook).await?;
    let proposal = proposed(&book.declaration, &group);
    Ok(open_page::shown(&desk, &visitor, book, proposal, Occasion { alert: told, ..Occasion::default() }).await)
}

/// What the alerts of a group propose together: to a list, each value once; to anything else, what all of them say.
fn proposed(declaration: &Declaration, group: &[Alert]) -> Proposal {
    let mut proposal = Proposal::default();
    let mut differ = Vec::new();
    for (name, parameter) in &declaration.params {
        let Some(label) = &parameter.from_label else { continue };
        let values: BTreeSet<&String> = group.iter().filter_map(|alert| alert.labels.get(label)).collect();
        let value = match (parameter.kind, values.len()) {
            (_, 0) => continue,
            (Kind::List, _) => list::text(&values.into_iter().cloned().collect::<Vec<_>>()),
            (_, 1) if group.iter().all(|alert| alert.labels.contains_key(label)) => values.into_iter().cloned().collect(),
            (_, count) => {
                differ.push((
                    name.clone(),
                    format!("{count} values"),
                    "the alerts of the group do not all say the same".to_owned(),
                ));
                continue;
            }
        };
        proposal.take(declaration, BTreeMap::from([(name.clone(), value)]), Origin::Alert);
    }
    proposal.refused.extend(differ);
    proposal
}

fn told(alert: &Alert, group: &[Alert]) -> String {
    let mut text = format!(
        "<section class=\"card\" aria-label=\"The alerts\">\n<h2>{} × {}</h2>\n<p><strong class=\"bad\">firing</strong> in one group · told by {}</p>\n",
        group.len(),
        escape::line(&alert.name()),
        escape::line(&alert.source)
    );
    let left_out = group.iter().map(|alert| alert.truncated).max().unwrap_or(0);
    if left_out > 0 {
        text.push_str(&format!("<p class=\"wrong\">{left_out} more were left out of the message (<code>max_alerts</code>), and are not among these.</p>\n"));
    }
    text.push_str("<details><summary>Which ones</summary>\n<ul class=\"list\">\n");
    for one in group.iter().take(LISTED) {
        let labels: Vec<_> = one
            .labels
            .iter()
            .filter(|(name, value)| alert.labels.get(*name) != Some(value) || group.len() == 1)
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let labels = if labels.is_empty() { "the one that led here".to_owned() } else { labels.join(" ") };
        text.push_str(&format!("<li><a href=\"/a/{}\">{}</a></li>\n", shell::part(&one.fingerprint), escape::line(&labels)));
    }
    if group.len() > LISTED {
        text.push_str(&format!("<li>and {} more</li>\n", group.len() - LISTED));
    }
    text + "</ul></details>\n</section>\n"
}
