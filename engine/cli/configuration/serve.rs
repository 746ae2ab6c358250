//! What `runbook.toml` says in `[serve]`: where the page listens, who may do what on it, whom it tells.

use std::collections::BTreeMap;

use runbook_model::Value;
use toml::de::DeTable;

use crate::configuration::Sourced;
use crate::configuration::reader::Reader;

/// `[serve]` of `runbook.toml`. Paths and addresses are as they were written; the server judges them when it starts.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Serve {
    /// Texts by their key.
    pub texts: BTreeMap<&'static str, Sourced<String>>,
    /// Lists of texts by their key.
    pub lists: BTreeMap<&'static str, Sourced<Vec<String>>>,
    /// The SHA-256 of each person's token, in hexadecimal digits.
    pub people: BTreeMap<String, Sourced<String>>,
    /// Whom to tell, by a name of one's own; each is a table.
    pub notify: BTreeMap<String, Sourced<Value>>,
    /// Where alerts come from, and are told how runs end, by a name of one's own; each is a table.
    pub reply: BTreeMap<String, Sourced<Value>>,
    /// What an alert may rehearse by itself; a table.
    pub rehearse: Option<Sourced<Value>>,
}

/// The keys that hold a text.
const TEXTS: [&str; 9] = [
    "listen",
    "url",
    "session",
    "tls_cert",
    "tls_key",
    "user_header",
    "alertmanager_token",
    "grafana_secret",
    "pagerduty_secret",
];
/// The keys that hold a list of texts.
const LISTS: [&str; 5] = ["hosts", "trusted_proxy", "viewers", "operators", "approvers"];

/// Reads `[serve]`.
pub(super) fn read(reader: &mut Reader<'_>, table: &DeTable<'_>) -> Serve {
    let Some(table) = reader.table(table, "serve") else { return Serve::default() };
    let known: Vec<_> = TEXTS.into_iter().chain(LISTS).chain(["people", "notify", "reply", "rehearse"]).collect();
    reader.only(" in [serve]", table, &known);
    let mut serve = Serve::default();
    for key in TEXTS {
        serve.texts.extend(reader.text(table, key).map(|text| (key, text)));
    }
    for key in LISTS {
        serve.lists.extend(reader.texts(table, key).map(|texts| (key, texts)));
    }
    if let Some(people) = reader.table(table, "people") {
        for (name, value) in people {
            // Whoever comes without a name must not be taken for somebody.
            if name.get_ref().trim().is_empty() {
                reader.complain(name.span(), "nobody has this name", Some("`runbook serve --new-token NAME`".to_owned()));
                continue;
            }
            let Some(digest) = reader.text(people, name.get_ref()) else { continue };
            let is_digest = digest.value.len() == 64 && digest.value.bytes().all(|byte| byte.is_ascii_hexdigit());
            if is_digest {
                serve.people.insert(name.get_ref().to_string(), digest);
            } else {
                let help = "64 hexadecimal digits: `runbook serve --new-token` prints a token and its digest".to_owned();
                // Whoever wrote the token itself here must not find it in a log.
                reader.complain_masked(value.span(), "this is no digest of a token", help, value.span());
            }
        }
    }
    if let Some((_, value)) = table.iter().find(|(name, _)| name.get_ref() == "rehearse") {
        let read = reader.value(value);
        let origin = reader.origin(&value.span());
        if read.is_object() {
            serve.rehearse = Some(Sourced::new(read, origin));
        } else {
            reader.complain(value.span(), "a table is wanted", Some("write it as [serve.rehearse]".to_owned()));
        }
    }
    serve.notify = tables(reader, table, "notify");
    serve.reply = tables(reader, table, "reply");
    serve
}

/// Tables below a key, each by a name of one's own. What has to stand in them is for the server to say.
fn tables(reader: &mut Reader<'_>, table: &DeTable<'_>, key: &str) -> BTreeMap<String, Sourced<Value>> {
    let mut tables = BTreeMap::new();
    for (name, value) in reader.table(table, key).into_iter().flatten() {
        let origin = reader.origin(&value.span());
        let read = reader.value(value);
        if read.is_object() {
            tables.insert(name.get_ref().to_string(), Sourced::new(read, origin));
        } else {
            let help = format!("write it as [serve.{key}.{}], with `kind = …` below", name.get_ref());
            reader.complain(value.span(), "a table is wanted", Some(help));
        }
    }
    tables
}

impl Serve {
    /// A text, if it was given.
    #[must_use]
    pub fn text(&self, key: &str) -> Option<&str> {
        self.texts.get(key).map(|text| text.value.as_str())
    }

    /// A list; empty when none was given.
    #[must_use]
    pub fn list(&self, key: &str) -> &[String] {
        self.lists.get(key).map(|list| list.value.as_slice()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reference_names_every_key() {
        let page = include_str!("../../../docs/src/reference/configuration.md");
        for key in TEXTS.into_iter().chain(LISTS).chain(["people", "rehearse", "notify.NAME", "reply.NAME"]) {
            assert!(page.contains(&format!("`serve.{key}`")), "`serve.{key}` is missing");
        }
    }
}
