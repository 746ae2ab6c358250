//! Whom to tell, and how: Slack, PagerDuty, any server, a command.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use serde::Deserialize;

use super::message;
use super::news::News;
use crate::configuration::Configuration;
use crate::failure::Failure;
use crate::serve::outgoing::{PATIENCE, posted, told};
use crate::serve::token;

const EVENTS: &str = "https://events.pagerduty.com/v2/enqueue";
/// What is told when nothing else is said.
const USUAL: [&str; 5] = ["waiting", "failed", "declined", "in_doubt", "stuck"];
/// Everything that can be told.
const KINDS: [&str; 7] = ["waiting", "failed", "declined", "in_doubt", "stuck", "completed", "rolled_back"];

/// Somebody to tell.
#[derive(Debug)]
pub(in crate::serve) struct Target {
    pub(super) name: String,
    how: How,
    on: Vec<String>,
    runbooks: Vec<String>,
}

#[derive(Debug)]
enum How {
    Slack { url: String },
    PagerDuty { url: String, key: String },
    Webhook { url: String, secret: Option<String> },
    Command { run: Vec<String>, root: PathBuf },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    kind: String,
    url: Option<String>,
    /// A file with the address, where the address is the secret.
    url_file: Option<PathBuf>,
    /// A file with what it is signed with, or the routing key.
    secret: Option<PathBuf>,
    run: Option<Vec<String>>,
    on: Option<Vec<String>>,
    #[serde(default)]
    runbooks: Vec<String>,
}

/// The targets of a configuration.
///
/// # Errors
/// One of them cannot be told anything as it stands.
pub(in crate::serve) fn judged(configuration: &Configuration) -> Result<Vec<Target>, Failure> {
    let root = &configuration.root.value;
    let targets = configuration.serve.notify.iter().map(|(name, table)| {
        let wrong = |why: &str| Failure::usage(format!("[serve.notify.{name}] ({}): {why}", table.origin));
        let table: Table = serde_json::from_value(table.value.clone()).map_err(|error| wrong(&error.to_string()))?;
        let kept = |file: &PathBuf| token::private(&root.join(file));
        let secret = table.secret.as_ref().map(kept).transpose()?;
        let url = match (&table.url, &table.url_file) {
            (Some(_), Some(_)) => return Err(wrong("`url` or `url_file`, not both")),
            (Some(url), None) => Some(url.clone()),
            (None, file) => file.as_ref().map(kept).transpose()?,
        };
        let url = url.filter(|url| url.starts_with("https://") || url.starts_with("http://"));
        let address = || url.clone().ok_or_else(|| wrong("`url` or `url_file` is wanted: http:// or https://"));
        let how = match table.kind.as_str() {
            "slack" => How::Slack { url: address()? },
            "pagerduty" => {
                let key = secret.ok_or_else(|| wrong("`secret` is wanted: a file with the routing key"))?;
                How::PagerDuty { url: url.unwrap_or_else(|| EVENTS.to_owned()), key }
            }
            "webhook" => How::Webhook { url: address()?, secret },
            "command" => {
                let run = table
                    .run
                    .filter(|run| !run.is_empty())
                    .ok_or_else(|| wrong("`run` is wanted: a program and its arguments"))?;
                How::Command { run, root: root.clone() }
            }
            _ => return Err(wrong("`kind` is slack, pagerduty, webhook or command")),
        };
        let on = table.on.unwrap_or_else(|| USUAL.map(str::to_owned).to_vec());
        if let Some(odd) = on.iter().find(|kind| !KINDS.contains(&kind.as_str())) {
            return Err(wrong(&format!("`on` has `{odd}`; there are: {}", KINDS.join(", "))));
        }
        Ok(Target { name: name.clone(), how, on, runbooks: table.runbooks })
    });
    targets.collect()
}

impl Target {
    /// Whether it is to be told this.
    pub(super) fn wants(&self, news: &News) -> bool {
        // Who is told of an incident is told of its end.
        let ends = matches!(self.how, How::PagerDuty { .. }) && message::is_end(news);
        (ends || self.on.contains(&news.kind)) && (self.runbooks.is_empty() || self.runbooks.contains(&news.runbook))
    }

    /// How long telling may take.
    pub(super) fn patience(&self) -> Duration {
        PATIENCE
    }

    /// Tells it. Blocks.
    ///
    /// # Errors
    /// Why it was not told, without any secret.
    pub(super) fn tell(&self, news: &News, base: &str) -> Result<(), String> {
        match &self.how {
            How::Slack { url } => posted(url, message::slack(news, base).to_string().as_bytes(), None),
            How::PagerDuty { url, key } => posted(url, message::pagerduty(news, base, key).to_string().as_bytes(), None),
            How::Webhook { url, secret } => posted(url, message::plain(news, base).to_string().as_bytes(), secret.as_deref()),
            How::Command { run, root } => {
                let mut command = Command::new(&run[0]);
                command.args(&run[1..]).current_dir(root);
                told(&mut command, message::plain(news, base).to_string().as_bytes())
            }
        }
    }
}
