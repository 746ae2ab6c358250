//! `[secrets]`: where each secret comes from.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::PathBuf;

use runbook_model::length::Length;
use runbook_model::secret::is_name;
use runbook_runtime::secret::Source;
use serde_json::{Value, json};
use toml::de::DeTable;

use crate::configuration::Sourced;
use crate::configuration::reader::Reader;

/// Sources by name or pattern, with paths as they were written.
pub(super) type SecretsLayer = BTreeMap<String, Sourced<Source>>;

const KINDS: [&str; 4] = ["env", "file", "command", "age"];

/// Reads the table.
pub(super) fn read(reader: &mut Reader<'_>, table: &DeTable<'_>) -> SecretsLayer {
    let mut sources = SecretsLayer::new();
    for (key, value) in reader.table(table, "secrets").into_iter().flatten() {
        let (name, span) = (key.get_ref().to_string(), key.span());
        if !is_pattern(&name) && !is_name(&name) {
            let help = "letters, digits, `-`, `_` and `.`, with `/` between parts, as in \"db/password\"; or a pattern: \"db/*\"";
            reader.complain(span.clone(), format!("`{}` is no name of a secret", name.escape_debug()), Some(help.to_owned()));
        }
        let Some(entry) = value.get_ref().as_table() else {
            let help = format!("write \"{name}\" = {{ env = \"VARIABLE\" }}, or {{ file | command | age = … }}: never the value");
            reader.complain_masked(span, format!("the source of `{name}` wants a table"), help, value.span());
            continue;
        };
        if let Some(source) = source(reader, &name, entry, &span) {
            let origin = reader.origin(&span);
            sources.insert(name, Sourced::new(source, origin));
        }
    }
    sources
}

fn is_pattern(name: &str) -> bool {
    // What may stand in the place of `*` makes a name of it.
    name.strip_suffix('*').is_some_and(|prefix| is_name(&format!("{prefix}x")))
}

fn source(reader: &mut Reader<'_>, name: &str, entry: &DeTable<'_>, span: &Range<usize>) -> Option<Source> {
    let place = format!(" in the source of `{name}`");
    let kinds: Vec<_> = KINDS.into_iter().filter(|kind| entry.contains_key(*kind)).collect();
    let [kind] = kinds[..] else {
        let message = format!("the source of `{name}` wants one of `env`, `file`, `command` and `age`");
        reader.complain(span.clone(), message, None);
        return None;
    };
    if is_pattern(name) && kind != "command" {
        let help = "only a command can be asked for another name: it gets the name behind its arguments".to_owned();
        reader.complain(span.clone(), format!("the pattern `{name}` wants a `command`"), Some(help));
        return None;
    }
    match kind {
        "env" => {
            reader.only(&place, entry, &["env"]);
            let variable = reader.text(entry, "env")?.value;
            if variable.contains(['=', '\0']) {
                reader.complain(span.clone(), format!("`{}` is no name of a variable", variable.escape_debug()), None);
                return None;
            }
            Some(Source::Env { variable })
        }
        "file" => {
            reader.only(&place, entry, &["file"]);
            Some(Source::File { path: reader.text(entry, "file")?.value.into() })
        }
        "command" => {
            reader.only(&place, entry, &["command", "timeout"]);
            let argv = reader.texts(entry, "command")?.value;
            if argv.first().is_none_or(String::is_empty) {
                reader.complain(span.clone(), format!("the command of `{name}` names no program"), None);
                return None;
            }
            Some(Source::Command { argv, timeout: timeout(reader, entry, span) })
        }
        _ => {
            reader.only(&place, entry, &["age", "identity", "timeout"]);
            let file = reader.text(entry, "age")?.value.into();
            let identity = reader.text(entry, "identity").map(|identity| identity.value.into());
            Some(Source::Age { file, identity, timeout: timeout(reader, entry, span) })
        }
    }
}

fn timeout(reader: &mut Reader<'_>, entry: &DeTable<'_>, span: &Range<usize>) -> Length {
    let Some(text) = reader.text(entry, "timeout") else { return Source::usual_timeout() };
    text.value.parse().unwrap_or_else(|error| {
        reader.complain(span.clone(), format!("`timeout`: {error}"), None);
        Source::usual_timeout()
    })
}

/// The source with absolute paths, which `path` makes.
pub(super) fn resolved<E>(source: Source, path: &dyn Fn(PathBuf) -> Result<PathBuf, E>) -> Result<Source, E> {
    Ok(match source {
        Source::File { path: file } => Source::File { path: path(file)? },
        Source::Age { file, identity, timeout } => {
            Source::Age { file: path(file)?, identity: identity.map(path).transpose()?, timeout }
        }
        other => other,
    })
}

/// The source as the configuration would write it.
pub(crate) fn shown(source: &Source) -> Value {
    let path = |path: &PathBuf| path.to_string_lossy().into_owned();
    match source {
        Source::Env { variable } => json!({ "env": variable }),
        Source::File { path: file } => json!({ "file": path(file) }),
        Source::Command { argv, timeout } => json!({ "command": argv, "timeout": timeout.to_string() }),
        Source::Age { file, identity, timeout } => {
            json!({ "age": path(file), "identity": identity.as_ref().map(path), "timeout": timeout.to_string() })
        }
    }
}
