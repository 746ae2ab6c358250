//! Reads what `runbook(#{ … })` says into the model's words.

use std::collections::BTreeMap;

use rhai::{Dynamic, Map};
use runbook_model::declaration::{Declaration, Serves};
use runbook_model::parameter::{Kind, Parameter};
use runbook_model::step::OnFailure;

use crate::script::diagnosis::code::Code;
use crate::script::diagnosis::complaint::Called;
use crate::script::functions::options::{Options, word};
use crate::script::language::schema::table;

/// The declaration that the options hold.
pub(in crate::script) fn read(options: &Options<'_>) -> Called<Declaration> {
    let title = options.text("title").unwrap_or_default();
    if title.trim().is_empty() || title.chars().count() > 200 || title.chars().any(char::is_control) {
        return options.wrong("title", "a title is one line of 1 to 200 characters".to_owned());
    }
    let mut params = BTreeMap::new();
    for (name, given) in options.raw("params").and_then(Dynamic::try_cast::<Map>).unwrap_or_default() {
        let parameter = parameter(options, &name, given)?;
        params.insert(name.to_string(), parameter);
    }
    Ok(Declaration {
        title,
        owner: options.text("owner"),
        about: None,
        links: options.texts("links"),
        serves: options.list("serves").into_iter().map(|alert| serves(options, alert)).collect::<Called<_>>()?,
        rehearse_on_alert: options.flag("rehearse_on_alert"),
        budget: options.length("budget")?,
        locks: options.locks()?,
        on_failure: match options.text("on_failure").as_deref() {
            Some("rollback") => OnFailure::Rollback,
            _ => OnFailure::Stop,
        },
        params,
    })
}

fn serves(options: &Options<'_>, given: Dynamic) -> Called<Serves> {
    if let Some(alert) = given.read_lock::<rhai::ImmutableString>() {
        return Ok(Serves { alert: alert.to_string(), labels: BTreeMap::new() });
    }
    let Some(map) = given.try_cast::<Map>() else { return options.wrong("serves", "one of them is something else".to_owned()) };
    let labels = match map.get("labels").map(|labels| labels.flatten_clone().try_cast::<Map>()) {
        None => BTreeMap::new(),
        Some(Some(labels)) => labels.iter().filter_map(|(key, value)| Some((key.to_string(), word(value)?))).collect(),
        Some(None) => return options.wrong("serves", "the labels of one of them are no map".to_owned()),
    };
    if let Some(odd) = map.keys().find(|key| !matches!(key.as_str(), "alert" | "labels")) {
        return options
            .complain("serves", Code::UnknownOption, format!("unknown key `{odd}` in `serves`"))
            .help("its keys are: alert, labels")
            .raise();
    }
    match map.get("alert").and_then(word) {
        Some(alert) if !alert.is_empty() => Ok(Serves { alert, labels }),
        _ => options.wrong("serves", "one of them has no `alert`".to_owned()),
    }
}

fn parameter(options: &Options<'_>, name: &str, given: Dynamic) -> Called<Parameter> {
    let key = format!("params.{name}");
    if !is_identifier(name) {
        let message = format!("`{name}` is no good name for a parameter: letters, digits and `_`, not beginning with a digit");
        return options.complain(&key, Code::Declaration, message).raise();
    }
    let inner = options.inner(table("runbook.params"), given, &key)?;
    let kind =
        inner.text("type").and_then(|name| Kind::NAMES.into_iter().find(|(known, _)| *known == name)).map(|(_, kind)| kind);
    let mut parameter = Parameter {
        kind: kind.unwrap_or_default(),
        help: inner.text("help"),
        fallback: None,
        pattern: inner.text("pattern"),
        of: inner.texts("of"),
        min: inner.number("min"),
        max: inner.number("max"),
        from_label: inner.text("from_label"),
    };
    if parameter.kind == Kind::Enum && parameter.of.is_empty() {
        return inner
            .complain("type", Code::Declaration, format!("the parameter `{name}` is an enum and needs `of: [\"…\"]`"))
            .raise();
    }
    if parameter.kind == Kind::Secret && parameter.from_label.is_some() {
        let message = format!("`{name}` is a secret, and a label of an alert may be anybody's: a person chooses it");
        return inner.complain("from_label", Code::Declaration, message).raise();
    }
    if let Some(value) = inner.value("fallback")? {
        // Without its pattern: a fallback such as "" stands for "none given".
        let bounds = Parameter { pattern: None, ..parameter.clone() };
        if let Err(want) = bounds.accept(&value) {
            let message = format!("{value} is no good fallback for the parameter `{name}`: {want}");
            return inner.complain("fallback", Code::Declaration, message).raise();
        }
        parameter.fallback = Some(value);
    }
    // A broken pattern is found now and not when somebody starts the runbook in a hurry.
    if let Some(pattern) = &parameter.pattern
        && let Err(want) = (Parameter { kind: Kind::String, fallback: None, ..parameter.clone() }).accept(&"".into())
        && want.contains("pattern is broken")
    {
        return inner
            .complain("pattern", Code::Declaration, format!("the pattern `{pattern}` of `{name}` is broken: {want}"))
            .raise();
    }
    Ok(parameter)
}

/// Whether a text can be a name in a script and in a shell.
pub(in crate::script) fn is_identifier(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_') && chars.all(|c| c.is_ascii_alphanumeric() || c == '_')
}
