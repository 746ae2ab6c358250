//! Where an alert came from, and how it is told there: a note on the incident of PagerDuty, a mark on the dashboards of Grafana, a server
//! or a command of one's own.

use std::path::PathBuf;
use std::process::Command;

use runbook_model::digest::Digest;
use serde::Deserialize;
use serde_json::{Value, json};

use super::outcome::Outcome;
use crate::configuration::Configuration;
use crate::dossier::html::escape;
use crate::failure::Failure;
use crate::serve::hooks::Alert;
use crate::serve::outgoing::{self, asked};
use crate::serve::token;

const PAGERDUTY: &str = "https://api.pagerduty.com";

/// Somebody who is told how runs ended that alerts opened.
#[derive(Debug)]
pub(in crate::serve) struct Target {
    pub(super) name: String,
    how: How,
}

#[derive(Debug)]
enum How {
    PagerDuty { url: String, key: String, from: String },
    Grafana { url: String, key: String },
    Webhook { url: String, secret: Option<String> },
    Command { run: Vec<String>, root: PathBuf },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    kind: String,
    url: Option<String>,
    /// A file with the token, or with what it is signed with.
    secret: Option<PathBuf>,
    /// In whose name PagerDuty takes a note: the address of one of its users.
    from: Option<String>,
    run: Option<Vec<String>>,
}

/// The targets of a configuration.
///
/// # Errors
/// One of them cannot be told anything as it stands.
pub(in crate::serve) fn judged(configuration: &Configuration) -> Result<Vec<Target>, Failure> {
    let root = &configuration.root.value;
    let targets = configuration.serve.reply.iter().map(|(name, table)| {
        let wrong = |why: &str| Failure::usage(format!("[serve.reply.{name}] ({}): {why}", table.origin));
        let table: Table = serde_json::from_value(table.value.clone()).map_err(|error| wrong(&error.to_string()))?;
        let secret = table.secret.as_ref().map(|file| token::private(&root.join(file))).transpose()?;
        let url = table.url.map(|url| url.trim_end_matches('/').to_owned());
        if url.as_ref().is_some_and(|url| !(url.starts_with("https://") || url.starts_with("http://"))) {
            return Err(wrong("`url` wants http:// or https://"));
        }
        let address = || url.clone().ok_or_else(|| wrong("`url` is wanted"));
        let key = || secret.clone().ok_or_else(|| wrong("`secret` is wanted: a file with a token"));
        let how = match table.kind.as_str() {
            "pagerduty" => How::PagerDuty {
                url: url.clone().unwrap_or_else(|| PAGERDUTY.to_owned()),
                key: key()?,
                from: table.from.clone().ok_or_else(|| wrong("`from` is wanted: the address of a user of PagerDuty"))?,
            },
            "grafana" => How::Grafana { url: address()?, key: key()? },
            "webhook" => How::Webhook { url: address()?, secret: secret.clone() },
            "command" => {
                let run = table.run.clone().filter(|run| !run.is_empty());
                let run = run.ok_or_else(|| wrong("`run` is wanted: a program and its arguments"))?;
                How::Command { run, root: root.clone() }
            }
            _ => return Err(wrong("`kind` is pagerduty, grafana, webhook or command")),
        };
        Ok(Target { name: name.clone(), how })
    });
    targets.collect()
}

impl Target {
    /// Whether alerts from there are its own.
    pub(super) fn answers(&self, alert: &Alert) -> bool {
        match self.how {
            // What Alertmanager groups is one incident, by a key that both know.
            How::PagerDuty { .. } => ["pagerduty", "alertmanager"].contains(&alert.source.as_str()),
            How::Grafana { .. } => alert.source == "grafana",
            How::Webhook { .. } | How::Command { .. } => true,
        }
    }

    /// Tells it. Blocks.
    ///
    /// # Errors
    /// Why it was not told, without any secret.
    pub(super) fn tell(&self, alert: &Alert, outcome: &Outcome) -> Result<(), String> {
        match &self.how {
            How::PagerDuty { url, key, from } => noted(url, key, from, alert, outcome),
            How::Grafana { url, key } => {
                let authorization = format!("Bearer {key}");
                let body = marked(alert, outcome).to_string();
                asked(&format!("{url}/api/annotations"), &[("authorization", &authorization)], Some(body.as_bytes())).map(drop)
            }
            How::Webhook { url, secret } => {
                outgoing::posted(url, plain(alert, outcome).to_string().as_bytes(), secret.as_deref())
            }
            How::Command { run, root } => {
                let mut command = Command::new(&run[0]);
                command.args(&run[1..]).current_dir(root);
                outgoing::told(&mut command, plain(alert, outcome).to_string().as_bytes())
            }
        }
    }
}

/// A note on an incident of PagerDuty.
fn noted(url: &str, key: &str, from: &str, alert: &Alert, outcome: &Outcome) -> Result<(), String> {
    let authorization = format!("Token token={key}");
    let headers = [("authorization", authorization.as_str()), ("accept", "application/json"), ("from", from)];
    let incident = match alert.labels.get("incident").filter(|_| alert.source == "pagerduty") {
        Some(incident) => Some(incident.clone()),
        None => {
            // Alertmanager makes the key of an incident of the key of its group.
            let query = format!("{url}/incidents?limit=1&incident_key={}", Digest::of(alert.group.as_bytes()));
            let answer: Value = serde_json::from_slice(&outgoing::read(asked(&query, &headers, None)?)?)
                .map_err(|_| "its answer is no JSON".to_owned())?;
            answer["incidents"][0]["id"].as_str().map(str::to_owned)
        }
    };
    // Nobody was paged: there is nothing to write a note on.
    let Some(incident) = incident else { return Ok(()) };
    if incident.is_empty() || !incident.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Err("the incident has an id that is none".to_owned());
    }
    let note = json!({ "note": { "content": format!("{}\n{}", outcome.line(), outcome.url) } });
    asked(&format!("{url}/incidents/{incident}/notes"), &headers, Some(note.to_string().as_bytes())).map(drop)
}

/// For the annotations of Grafana: on the panel of the alert if it has one, otherwise for every dashboard that asks for the tag. What
/// stands there is shown as HTML.
fn marked(alert: &Alert, outcome: &Outcome) -> Value {
    let mut mark = json!({
        "time": outcome.began.as_millisecond(),
        "timeEnd": outcome.at.as_millisecond(),
        "tags": ["runbook", outcome.runbook, outcome.kind],
        "text": format!("{}\n{}", escape::line(&outcome.line()), escape::line(&outcome.url)),
    });
    if let Some(dashboard) = alert.annotations.get("__dashboardUid__") {
        mark["dashboardUID"] = json!(dashboard);
        if let Some(panel) = alert.annotations.get("__panelId__").and_then(|panel| panel.parse::<u64>().ok()) {
            mark["panelId"] = json!(panel);
        }
    }
    mark
}

/// For a server or a command of one's own. Fields may be added; none is renamed or removed.
fn plain(alert: &Alert, outcome: &Outcome) -> Value {
    let mut news = serde_json::to_value(outcome).unwrap_or_default();
    news["alert"] = json!({
        "source": alert.source,
        "name": alert.name(),
        "fingerprint": alert.fingerprint,
        "group": alert.group,
        "labels": alert.labels,
        "annotations": alert.annotations,
    });
    news
}
