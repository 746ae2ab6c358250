//! Links that lead to our page: the runbook, its parameters, their values.

use std::collections::BTreeMap;

use runbook_model::declaration::Declaration;
use runbook_model::parameter::nearest;

use super::finding::Kind;
use super::judge::Judged;
use super::reading::HOLE;
use crate::mapping::{answers as serves, may_answer};
use crate::rules::Said;

/// Names that somebody may try to say with a link, and that none obeys.
const RESERVED: [&str; 12] =
    ["execute", "exec", "yes", "confirm", "dry_run", "dry-run", "mode", "env", "environment", "user", "host", "version"];

/// `/open/RUNBOOK?…`
pub(super) fn opens(judged: &mut Judged<'_>, said: &Said, name: &str, pairs: &[(String, String)]) {
    let Some(known) = judged.runbooks.iter().find(|known| known.name == name) else {
        let near = nearest(name, judged.runbooks.iter().map(|known| known.name.as_str()));
        let help = near.map(|near| format!("did you mean `{near}`?"));
        return judged.say(Kind::NoSuchRunbook, said.place, format!("there is no runbook `{name}`"), help);
    };
    let declaration = &known.declaration;
    for (param, value) in pairs {
        let Some(parameter) = declaration.params.get(param) else {
            unknown(judged, said, declaration, name, param);
            continue;
        };
        // What a template puts there is not known yet.
        if !value.contains(HOLE)
            && let Err(want) = parameter.read(value)
        {
            judged.say(Kind::BadValue, said.place, format!("`{name}` does not take this value for `{param}`: {want}"), None);
        }
    }
    let given = |param: &str| pairs.iter().any(|(name, _)| name == param);
    missing(judged, said, declaration, name, &given);
}

fn unknown(judged: &mut Judged<'_>, said: &Said, declaration: &Declaration, name: &str, param: &str) {
    if matches!(param, "_alert" | "_fp") {
        return;
    }
    if param.starts_with('_') || RESERVED.contains(&param) {
        let message = format!("a link proposes values of parameters and nothing else: `{param}` has no effect");
        return judged.say(Kind::ReservedParam, said.place, message, None);
    }
    let help = match nearest(param, declaration.params.keys().map(String::as_str)) {
        Some(near) => Some(format!("did you mean `{near}`?")),
        None if declaration.params.is_empty() => Some("it has none".to_owned()),
        None => Some(format!("there are: {}", declaration.params.keys().cloned().collect::<Vec<_>>().join(", "))),
    };
    judged.say(Kind::UnknownParam, said.place, format!("`{name}` has no parameter `{param}`"), help);
}

fn missing(judged: &mut Judged<'_>, said: &Said, declaration: &Declaration, name: &str, given: &dyn Fn(&str) -> bool) {
    let absent = declaration.params.iter().filter(|(param, parameter)| parameter.fallback.is_none() && !given(param));
    for (param, parameter) in absent.collect::<Vec<_>>() {
        let help = parameter.from_label.as_ref().map(|label| format!("{param}={{{{ $labels.{label} | urlquery }}}}"));
        judged.say(Kind::MissingParam, said.place, format!("`{name}` needs `{param}`, and the link does not give it"), help);
    }
}

/// `/alert/NAME?label=value`
pub(super) fn answers(judged: &mut Judged<'_>, said: &Said, alert: &str, labels: &[(String, String)]) {
    let labels: BTreeMap<_, _> = labels.iter().cloned().collect();
    let fixed = labels.clone().into_iter().filter(|(_, value)| !value.contains(HOLE)).collect();
    let known = judged.runbooks.iter().find(|known| serves(&known.declaration, alert, &labels));
    let known = known.or_else(|| judged.runbooks.iter().find(|known| may_answer(&known.declaration, alert, &fixed)));
    let Some(known) = known else {
        let names = judged.runbooks.iter().flat_map(|known| known.declaration.serves.iter().map(|serves| serves.alert.as_str()));
        let help = nearest(alert, names).map(|near| format!("did you mean `{near}`?"));
        return judged.say(Kind::NoSuchRunbook, said.place, format!("no runbook serves the alert `{alert}`"), help);
    };
    let declaration = &known.declaration;
    let from = |param: &str| declaration.params.get(param).and_then(|parameter| parameter.from_label.as_deref());
    let given = |param: &str| from(param).is_some_and(|label| labels.contains_key(label));
    missing(judged, said, declaration, &known.name, &given);
}
