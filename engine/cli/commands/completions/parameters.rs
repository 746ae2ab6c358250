//! Parameters of the runbook that was typed: their names, and behind `name=` their values where these are known.

use runbook_model::parameter::{Kind, Parameter};

use super::Offer;
use super::scene::Scene;
use super::slot::Given;

/// What could stand for `typed`, which holds a name or `name=` and the beginning of a value.
pub(super) fn parameters(scene: &Scene, given: &Given, typed: &str) -> Vec<Offer> {
    let runbook = given.value("runbook").or_else(|| given.value("runbooks"));
    let Some(declaration) = runbook.and_then(|name| scene.declaration(name)) else { return Vec::new() };
    if let Some((name, _)) = typed.split_once('=') {
        let values = declaration.params.get(name).map(values).unwrap_or_default();
        return values.into_iter().map(|offer| Offer { value: format!("{name}={}", offer.value), ..offer }).collect();
    }
    let is_given = |name: &str| given.all("params").any(|pair| pair.split_once('=').is_some_and(|(given, _)| given == name));
    let missing = declaration.params.iter().filter(|(name, _)| !is_given(name));
    missing.map(|(name, parameter)| Offer::new(format!("{name}="), about(parameter))).collect()
}

fn values(parameter: &Parameter) -> Vec<Offer> {
    let fallback = parameter.fallback.as_ref().map(typed);
    let known: Vec<_> = match parameter.kind {
        Kind::Bool => vec!["true".to_owned(), "false".to_owned()],
        Kind::Enum => parameter.of.clone(),
        Kind::String | Kind::Int | Kind::Float | Kind::Duration | Kind::List | Kind::Secret => fallback.iter().cloned().collect(),
    };
    let about = |value: &String| if fallback.as_ref() == Some(value) { "unless given" } else { "" };
    known.into_iter().map(|value| Offer::new(value.clone(), about(&value))).collect()
}

/// A value as a person types it.
fn typed(value: &runbook_model::Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn about(parameter: &Parameter) -> String {
    let kind = parameter.kind.name();
    let mut about = parameter.help.as_ref().map_or_else(|| kind.to_owned(), |help| format!("{help} ({kind})"));
    match &parameter.fallback {
        Some(fallback) => about.push_str(&format!(", {} unless given", typed(fallback))),
        None => about.push_str(", required"),
    }
    about
}
