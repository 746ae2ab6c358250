//! `runbook config`: what applies here, and why.

use runbook_runtime::anchor::shown;
use serde_json::json;

use crate::configuration::{Audit, Configuration, Origin, Serve, secrets};
use crate::failure::Failure;
use crate::globals::Globals;
use crate::output::Format;
use crate::output::screen::on_stdout;
use crate::output::style::{Palette, Tone};
use crate::output::{self, safe};

/// Show the configuration that applies here
#[derive(Debug, clap::Args)]
pub struct Config {
    /// Say for each value where it comes from
    #[arg(long)]
    pub show_origin: bool,
}

/// Prints it.
///
/// # Errors
/// Standard output cannot take it.
pub fn run(config: &Config, globals: &Globals, configuration: &Configuration) -> Result<(), Failure> {
    let rows = rows(configuration);
    output::to_stdout(&match globals.output {
        Format::Json => json_lines(&rows),
        Format::Text => text(&rows, config.show_origin, on_stdout(globals.color).palette),
    })
}

/// A key, its value as TOML or JSON would write it, and its origin.
type Row = (String, serde_json::Value, Origin);

fn rows(configuration: &Configuration) -> Vec<Row> {
    let path = |path: &std::path::Path| json!(path.to_string_lossy());
    let mut rows = vec![
        ("root".to_owned(), path(&configuration.root.value), configuration.root.origin.clone()),
        ("state_dir".to_owned(), path(&configuration.state_dir.value), configuration.state_dir.origin.clone()),
        (
            "runbooks".to_owned(),
            configuration.runbooks.value.iter().map(|dir| path(dir)).collect(),
            configuration.runbooks.origin.clone(),
        ),
        ("pass_env".to_owned(), json!(configuration.pass_env.value), configuration.pass_env.origin.clone()),
    ];
    rows.push(("confine".to_owned(), json!(configuration.confine.value), configuration.confine.origin.clone()));
    for (name, members) in &configuration.groups {
        rows.push((format!("groups.{name}"), json!(members.value), members.origin.clone()));
    }
    for (name, hosts) in &configuration.hosts {
        rows.push((format!("hosts.{name}"), json!(hosts.value), hosts.origin.clone()));
    }
    if let Some(file) = &configuration.ssh_config {
        rows.push(("ssh.config".to_owned(), path(&file.value), file.origin.clone()));
    }
    if let Some(reconnect) = &configuration.ssh_reconnect {
        rows.push(("ssh.reconnect".to_owned(), json!(reconnect.value.to_string()), reconnect.origin.clone()));
    }
    if let Some(filter) = &configuration.log_filter {
        rows.push(("log.filter".to_owned(), json!(filter.value), filter.origin.clone()));
    }
    if let Some(file) = &configuration.log_file {
        rows.push(("log.file".to_owned(), path(&file.value), file.origin.clone()));
    }
    if let Some(within) = &configuration.alerts.rehearsed_within {
        rows.push(("alerts.rehearsed_within".to_owned(), json!(within.value.to_string()), within.origin.clone()));
    }
    audit(&mut rows, "audit", &configuration.audit);
    if let Some(env) = &configuration.env {
        rows.push(("env".to_owned(), json!(env.value), env.origin.clone()));
    }
    for (key, setting) in &configuration.settings {
        rows.push((format!("settings.{key}"), setting.value.clone(), setting.origin.clone()));
    }
    for (name, source) in &configuration.secrets {
        rows.push((format!("secrets.{name}"), secrets::shown(&source.value), source.origin.clone()));
    }
    for (code, reason) in &configuration.allowed {
        rows.push((format!("check.allow.{code}"), json!(reason.value), reason.origin.clone()));
    }
    serve(&mut rows, &configuration.serve);
    for (name, environment) in &configuration.environments {
        let rules = &environment.rules;
        let mut rule = |key: &str, value: Option<(serde_json::Value, &Origin)>| {
            rows.extend(value.map(|(value, origin)| (format!("env.{name}.{key}"), value, origin.clone())));
        };
        rule("protected", rules.protected.as_ref().map(|it| (json!(it.value), &it.origin)));
        rule("require_rehearsal", rules.require_rehearsal.as_ref().map(|it| (json!(it.value), &it.origin)));
        rule("require_real_rehearsal", rules.require_real_rehearsal.as_ref().map(|it| (json!(it.value), &it.origin)));
        rule("confirm", rules.confirm.as_ref().map(|it| (json!(it.value), &it.origin)));
        audit(&mut rows, &format!("env.{name}.audit"), &environment.audit);
        for (group, hosts) in &environment.hosts {
            rows.push((format!("env.{name}.hosts.{group}"), json!(hosts.value), hosts.origin.clone()));
        }
        for (key, setting) in &environment.settings {
            rows.push((format!("env.{name}.settings.{key}"), setting.value.clone(), setting.origin.clone()));
        }
        for (secret, source) in &environment.secrets {
            rows.push((format!("env.{name}.secrets.{secret}"), secrets::shown(&source.value), source.origin.clone()));
        }
    }
    rows
}

fn serve(rows: &mut Vec<Row>, serve: &Serve) {
    rows.extend(serve.texts.iter().map(|(key, text)| (format!("serve.{key}"), json!(text.value), text.origin.clone())));
    rows.extend(serve.lists.iter().map(|(key, list)| (format!("serve.{key}"), json!(list.value), list.origin.clone())));
    rows.extend(
        serve.people.iter().map(|(name, token)| (format!("serve.people.{name}"), json!(token.value), token.origin.clone())),
    );
    rows.extend(
        serve.notify.iter().map(|(name, table)| (format!("serve.notify.{name}"), table.value.clone(), table.origin.clone())),
    );
    rows.extend(
        serve.reply.iter().map(|(name, table)| (format!("serve.reply.{name}"), table.value.clone(), table.origin.clone())),
    );
    rows.extend(serve.rehearse.iter().map(|table| ("serve.rehearse".to_owned(), table.value.clone(), table.origin.clone())));
}

fn audit(rows: &mut Vec<Row>, table: &str, audit: &Audit) {
    for (key, text) in [("sign", &audit.sign), ("allowed_signers", &audit.allowed_signers), ("remote", &audit.remote)] {
        // Only the remote is a URL: of what is none, all is shown.
        rows.extend(text.iter().map(|text| (format!("{table}.{key}"), json!(shown(&text.value)), text.origin.clone())));
    }
    rows.extend(audit.signing.iter().map(|it| (format!("{table}.signing"), json!(it.value.word()), it.origin.clone())));
}

fn text(rows: &[Row], show_origin: bool, palette: Palette) -> String {
    let mut text = String::new();
    for (key, value, origin) in rows {
        text.push_str(&format!("{} = {}", safe::line(key), safe::line(&value.to_string())));
        if show_origin {
            text.push_str(&palette.paint(Tone::Faint, &format!("    # {}", safe::line(&origin.to_string()))));
        }
        text.push('\n');
    }
    text
}

fn json_lines(rows: &[Row]) -> String {
    let line =
        |(key, value, origin): &Row| format!("{}\n", json!({ "v": 1, "key": key, "value": value, "origin": origin.to_string() }));
    rows.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_value_stands_beside_its_origin_and_cannot_forge_a_line() {
        let rows = [("settings.api".to_owned(), json!("a\nb\u{202e}"), Origin::Variable("X"))];
        assert_eq!(text(&rows, true, Palette::plain()), "settings.api = \"a\\nb\\u{202e}\"    # variable X\n");
        assert_eq!(text(&rows, false, Palette::plain()).lines().count(), 1);
        assert_eq!(
            json_lines(&rows),
            "{\"key\":\"settings.api\",\"origin\":\"variable X\",\"v\":1,\"value\":\"a\\nb\u{202e}\"}\n"
        );
    }
}
