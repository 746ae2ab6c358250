//! One configuration file, read.

use std::collections::BTreeMap;
use std::path::Path;

use runbook_model::Value;
use runbook_model::host::is_host;
use runbook_model::length::Length;
use runbook_runtime::script::Code;
use toml::de::DeTable;

use crate::configuration::alerts::{self, Alerts};
use crate::configuration::audit::{self, Audit};
use crate::configuration::complaint::{self, Complaint};
use crate::configuration::reader::Reader;
use crate::configuration::rules::{self, Rules};
use crate::configuration::secrets::{self, SecretsLayer};
use crate::configuration::serve::{self, Serve};
use crate::configuration::{Origin, Sourced};
use crate::failure::Failure;

/// What counts in `runbook.toml` only: who may approve, which mistakes are none, and what a server shows is for the repository to
/// say.
const OF_THE_REPOSITORY: [&str; 4] = ["groups", "check", "alerts", "serve"];

/// What one file says.
#[derive(Debug, Default)]
pub(super) struct Layer {
    /// The tables of it that count in `runbook.toml` only.
    pub(super) of_the_repository: Vec<&'static str>,
    pub(super) state_dir: Option<Sourced<String>>,
    pub(super) runbooks: Option<Sourced<Vec<String>>>,
    pub(super) pass_env: Option<Sourced<Vec<String>>>,
    pub(super) confine: Option<Sourced<bool>>,
    pub(super) log_filter: Option<Sourced<String>>,
    pub(super) log_file: Option<Sourced<String>>,
    pub(super) groups: Option<BTreeMap<String, Sourced<Vec<String>>>>,
    pub(super) hosts: Hosts,
    pub(super) ssh_config: Option<Sourced<String>>,
    pub(super) ssh_reconnect: Option<Sourced<Length>>,
    pub(super) alerts: Alerts,
    pub(super) audit: Audit,
    pub(super) allowed: Option<BTreeMap<String, Sourced<String>>>,
    pub(super) settings: Settings,
    pub(super) secrets: SecretsLayer,
    pub(super) serve: Serve,
    pub(super) environments: BTreeMap<String, EnvironmentLayer>,
}

/// What one file says about one environment.
#[derive(Debug, Default)]
pub(super) struct EnvironmentLayer {
    pub(super) rules: Rules,
    pub(super) audit: Audit,
    pub(super) hosts: Hosts,
    pub(super) settings: Settings,
    pub(super) secrets: SecretsLayer,
}

/// Groups of hosts, each with its origin.
pub(super) type Hosts = BTreeMap<String, Sourced<Vec<String>>>;

/// Settings, each top-level one with its origin.
pub(super) type Settings = BTreeMap<String, Sourced<Value>>;

impl Layer {
    /// Reads a file.
    ///
    /// # Errors
    /// Every mistake in it at once, each with its line.
    pub(super) fn read(path: &Path, text: &str) -> Result<Self, Failure> {
        let document = DeTable::parse(text).map_err(|error| {
            let span = error.span().unwrap_or(0..0);
            complaint::failure(path, text, &[Complaint { message: error.message().to_owned(), span, help: None, masks: None }])
        })?;
        let mut reader = Reader { path, text, complaints: Vec::new() };
        let layer = Self::of(&mut reader, document.get_ref());
        if reader.complaints.is_empty() { Ok(layer) } else { Err(complaint::failure(path, text, &reader.complaints)) }
    }

    fn of(reader: &mut Reader<'_>, table: &DeTable<'_>) -> Self {
        let known = [
            "state_dir",
            "runbooks",
            "alerts",
            "pass_env",
            "confine",
            "groups",
            "hosts",
            "check",
            "log",
            "ssh",
            "audit",
            "settings",
            "secrets",
            "serve",
            "env",
        ];
        reader.only("", table, &known);
        let mut layer = Self {
            of_the_repository: OF_THE_REPOSITORY.into_iter().filter(|name| table.contains_key(*name)).collect(),
            state_dir: reader.text(table, "state_dir"),
            runbooks: reader.texts(table, "runbooks"),
            pass_env: reader.texts(table, "pass_env"),
            confine: reader.flag(table, "confine"),
            groups: reader.table(table, "groups").map(|table| groups(reader, table)),
            hosts: hosts(reader, table),
            alerts: alerts::read(reader, table),
            audit: audit::read(reader, table, " in [audit]", true),
            allowed: allowed(reader, table),
            settings: settings(reader, table),
            secrets: secrets::read(reader, table),
            serve: serve::read(reader, table),
            ..Self::default()
        };
        if let Some(log) = reader.table(table, "log") {
            reader.only(" in [log]", log, &["filter", "file"]);
            layer.log_filter = reader.text(log, "filter");
            layer.log_file = reader.text(log, "file");
        }
        if let Some(ssh) = reader.table(table, "ssh") {
            reader.only(" in [ssh]", ssh, &["config", "reconnect"]);
            layer.ssh_config = reader.text(ssh, "config");
            layer.ssh_reconnect = reader.length(ssh, "reconnect");
        }
        let known: Vec<_> = rules::KEYS.into_iter().chain(["hosts", "settings", "secrets", "audit"]).collect();
        for (name, value) in reader.table(table, "env").into_iter().flatten() {
            let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_.".contains(c);
            if name.get_ref().is_empty() || name.get_ref().len() > 63 || !name.get_ref().chars().all(is_plain) {
                let message = format!("`{}` is no name for an environment", name.get_ref());
                reader.complain(
                    name.span(),
                    message,
                    Some("lower-case letters, digits, `-`, `_` and `.`, at most 63".to_owned()),
                );
            }
            match value.get_ref().as_table() {
                Some(environment) => {
                    reader.only(&format!(" in [env.{}]", name.get_ref()), environment, &known);
                    let rules = Rules::read(reader, environment);
                    let place = format!(" in [env.{}.audit]", name.get_ref());
                    let audit = audit::read(reader, environment, &place, false);
                    let hosts = hosts(reader, environment);
                    let settings = settings(reader, environment);
                    let secrets = secrets::read(reader, environment);
                    let read = EnvironmentLayer { rules, audit, hosts, settings, secrets };
                    layer.environments.insert(name.get_ref().to_string(), read);
                }
                None => {
                    let help = format!("write it as [env.NAME.settings], with {} = … below", name.get_ref());
                    reader.complain(value.span(), format!("`env.{}` wants a table", name.get_ref()), Some(help));
                }
            }
        }
        layer
    }
}

fn groups(reader: &mut Reader<'_>, groups: &DeTable<'_>) -> BTreeMap<String, Sourced<Vec<String>>> {
    groups.keys().filter_map(|name| Some((name.get_ref().to_string(), reader.texts(groups, name.get_ref())?))).collect()
}

/// The groups of hosts of a table. Their hosts become arguments of `ssh`, so names that could be more are refused here.
fn hosts(reader: &mut Reader<'_>, table: &DeTable<'_>) -> Hosts {
    let Some(hosts) = reader.table(table, "hosts") else { return Hosts::new() };
    let groups = groups(reader, hosts);
    for (name, value) in hosts {
        let group = name.get_ref();
        let known = groups.get(group.as_ref()).map(|hosts| hosts.value.as_slice()).unwrap_or_default();
        let odd = known.iter().find(|host| !is_host(host));
        let twice = known.iter().enumerate().find(|(at, host)| known[..*at].contains(host)).map(|(_, host)| host);
        if let Some(odd) = odd {
            let message = format!("`{}` is no name of a host", odd.escape_debug());
            let help = "a name that `ssh` knows: letters, digits and `.-_@:%[]/+`, not beginning with `-`".to_owned();
            reader.complain(value.span(), message, Some(help));
        } else if let Some(twice) = twice {
            reader.complain(value.span(), format!("`{twice}` stands in `{group}` twice"), None);
        } else if known.is_empty() && groups.contains_key(group.as_ref()) {
            reader.complain(value.span(), format!("`{group}` has no hosts"), None);
        }
    }
    groups
}

/// Codes that `runbook check` passes over here, each with the reason.
fn allowed(reader: &mut Reader<'_>, table: &DeTable<'_>) -> Option<BTreeMap<String, Sourced<String>>> {
    let check = reader.table(table, "check")?;
    reader.only(" in [check]", check, &["allow"]);
    let allow = reader.table(check, "allow")?;
    let mut allowed = BTreeMap::new();
    for (id, value) in allow {
        let wrong = match Code::of_id(id.get_ref()) {
            None => Some(("is no error code", "`runbook explain` lists them")),
            Some(code) if !code.may_be_allowed() => Some(("cannot be allowed", "a run would fail there: it has to be mended")),
            Some(_) => None,
        };
        if let Some((wrong, help)) = wrong {
            reader.complain(id.span(), format!("`{}` {wrong}", id.get_ref()), Some(help.to_owned()));
        }
        match value.get_ref().as_str().map(str::trim) {
            Some("") => reader.complain(value.span(), "an allowed code needs its reason", None),
            _ => allowed.extend(reader.text(allow, id.get_ref()).map(|reason| (id.get_ref().to_ascii_uppercase(), reason))),
        }
    }
    Some(allowed)
}

fn settings(reader: &mut Reader<'_>, table: &DeTable<'_>) -> Settings {
    let Some(table) = reader.table(table, "settings") else { return Settings::new() };
    table
        .iter()
        .map(|(key, value)| {
            let origin: Origin = reader.origin(&key.span());
            (key.get_ref().to_string(), Sourced::new(reader.value(value), origin))
        })
        .collect()
}
