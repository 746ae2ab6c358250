//! What fires, on the first page: a row for each name, so that a storm of one alert hides no other.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use runbook_alerts::mapping;
use runbook_model::declaration::Declaration;

use super::hooks::Alert;
use super::{Desk, api, shell};
use crate::dossier::html::escape;
use crate::output::safe;
use crate::output::screen::cut;

/// So many names are seen at once; the others are one click away.
const NAMES: usize = 30;
/// So many alerts of one name are listed; programs get all of them.
const LISTED: usize = 500;
/// So many labels of an alert are shown, each of so many letters; its own page has all.
const LABELS: usize = 8;
const LONGEST: usize = 80;

/// What there is to read off runbooks.
type Runbooks = [(String, Option<Declaration>)];

/// What fires now; empty when nothing does.
pub(super) async fn section(desk: &Arc<Desk>) -> String {
    let firing = desk.alerts.firing();
    if firing.is_empty() {
        return String::new();
    }
    let runbooks = api::runbooks(desk).await.unwrap_or_default();
    let rows: Vec<_> = by_name(&firing).iter().map(|alerts| row(alerts, &runbooks)).collect();
    let (first, more) = rows.split_at(rows.len().min(NAMES));
    let mut text = format!(
        "<section aria-labelledby=\"firing\"><h2 id=\"firing\">Firing now</h2>\n<ul class=\"list\">\n{}</ul>\n",
        first.concat()
    );
    if !more.is_empty() {
        let (count, more) = (more.len(), more.concat());
        text.push_str(&format!(
            "<details><summary>{count} more that began earlier</summary>\n<ul class=\"list\">\n{more}</ul></details>\n"
        ));
    }
    text.push_str(&format!("<p class=\"aside\">{} firing in all</p></section>\n", firing.len()));
    text
}

/// The alerts of each name, in the order of the newest of each.
fn by_name(firing: &[Alert]) -> Vec<Vec<&Alert>> {
    let mut groups: Vec<Vec<&Alert>> = Vec::new();
    let mut at = BTreeMap::new();
    for alert in firing {
        let nth = *at.entry(alert.name()).or_insert(groups.len());
        match groups.get_mut(nth) {
            Some(group) => group.push(alert),
            None => groups.push(vec![alert]),
        }
    }
    groups
}

/// The alerts of one name.
fn row(alerts: &[&Alert], runbooks: &Runbooks) -> String {
    let Some(newest) = alerts.first() else { return String::new() };
    let (name, began) = (escape::line(&newest.name()), began(newest));
    let by = by(alerts, runbooks);
    if let [only] = alerts {
        let labels = labels(only, &BTreeSet::new());
        return format!("<li>{} {labels} <span class=\"aside\">{by}{began}</span></li>\n", link(only, &name));
    }
    let common: BTreeSet<_> = newest
        .labels
        .iter()
        .filter(|(label, value)| alerts.iter().all(|alert| alert.labels.get(*label) == Some(*value)))
        .collect();
    let one = |alert: &&Alert| {
        let apart = Some(labels(alert, &common)).filter(|apart| !apart.is_empty());
        // Two systems may tell of the same.
        let apart = apart.unwrap_or_else(|| format!("told by {}", escape::line(&alert.source)));
        format!(
            "<li>{} <span class=\"aside\">{}</span></li>\n",
            link(alert, &apart),
            self::began(alert).trim_start_matches(" · ")
        )
    };
    let listed: String = alerts.iter().take(LISTED).map(one).collect();
    let left = match alerts.len().checked_sub(LISTED).filter(|left| *left > 0) {
        Some(left) => format!("<p>… and <a href=\"/api/alerts\">{left} more</a></p>\n"),
        None => String::new(),
    };
    format!(
        "<li><details><summary>{name} <span class=\"aside\">{} firing · {by}{began}</span></summary>\n<ul class=\"list\">\n{listed}</ul>\n{left}</details></li>\n",
        alerts.len()
    )
}

fn link(alert: &Alert, text: &str) -> String {
    format!("<a href=\"/a/{}\">{text}</a>", shell::part(&alert.fingerprint))
}

fn began(alert: &Alert) -> String {
    alert.began().map(|began| format!(" · {}", shell::moment(began))).unwrap_or_default()
}

/// The labels that tell an alert apart: all but its name and what the others have as well.
fn labels(alert: &Alert, common: &BTreeSet<(&String, &String)>) -> String {
    let own = alert.labels.iter().filter(|(label, value)| *label != "alertname" && !common.contains(&(*label, *value)));
    let shown = own.take(LABELS).map(|(label, value)| {
        let line = cut(&safe::line(&format!("{label}={value}")), LONGEST);
        format!("<code>{}</code>", escape::line(&line))
    });
    shown.collect::<Vec<_>>().join(" ")
}

/// The runbooks that answer them.
fn by(alerts: &[&Alert], runbooks: &Runbooks) -> String {
    let mut names = BTreeSet::new();
    let mut unserved = 0;
    for alert in alerts {
        let name = alert.name();
        let answers = |declaration: &Option<Declaration>| {
            declaration.as_ref().is_some_and(|declaration| mapping::answers(declaration, &name, &alert.labels))
        };
        let serving: Vec<_> =
            runbooks.iter().filter(|(_, declaration)| answers(declaration)).map(|(name, _)| name.as_str()).collect();
        unserved += usize::from(serving.is_empty());
        names.extend(serving);
    }
    let mut parts: Vec<_> = names.into_iter().map(escape::line).collect();
    if unserved > 0 {
        let how_many = if parts.is_empty() { String::new() } else { format!("{unserved} with ") };
        parts.push(format!("<span class=\"warn\">{how_many}no runbook</span>"));
    }
    parts.join(", ")
}
