//! The words for what a runbook says about itself, shared by the layouts.

use runbook_model::parameter::Parameter;
use runbook_model::step::OnFailure;
use runbook_runtime::script::{Detail, StepOutline};

use super::Sheet;
use crate::typed::required;

/// Owner, promise of time, locks, and so on: name and value.
pub(super) fn overview(sheet: &Sheet) -> Vec<(&'static str, String)> {
    let declaration = &sheet.declaration;
    let mut facts = vec![("runbook", sheet.name.clone()), ("file", sheet.file.clone())];
    if let Some(owner) = &declaration.owner {
        facts.push(("owner", owner.clone()));
    }
    if let Some(budget) = declaration.budget {
        facts.push(("promise of time", budget.to_string()));
    }
    if !declaration.locks.is_empty() {
        facts.push(("locks", declaration.locks.names.join(", ")));
    }
    if declaration.on_failure == OnFailure::Rollback {
        facts.push(("when a step fails", "it is rolled back".to_owned()));
    }
    facts
}

/// Each alert that it answers, with the labels that it must have.
pub(super) fn alerts(sheet: &Sheet) -> Vec<String> {
    let alert = |serves: &runbook_model::declaration::Serves| {
        let labels: Vec<_> = serves.labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
        format!("{} {}", serves.alert, labels.join(" ")).trim_end().to_owned()
    };
    sheet.declaration.serves.iter().map(alert).collect()
}

/// Which values a parameter takes: `string like /[a-z]+/`.
pub(crate) fn wanted(parameter: &Parameter) -> String {
    let mut text = parameter.kind.name().to_owned();
    if !parameter.of.is_empty() {
        text.push_str(&format!(" of {}", parameter.of.join(", ")));
    }
    if let Some(pattern) = &parameter.pattern {
        text.push_str(&format!(" like /{pattern}/"));
    }
    match (parameter.min, parameter.max) {
        (Some(min), Some(max)) => text.push_str(&format!(", {min} to {max}")),
        (Some(min), None) => text.push_str(&format!(", at least {min}")),
        (None, Some(max)) => text.push_str(&format!(", at most {max}")),
        (None, None) => {}
    }
    text
}

/// What a parameter is when nobody says: its fallback, or that it must be given.
pub(super) fn otherwise(parameter: &Parameter) -> String {
    let label = parameter.from_label.as_ref().map(|label| format!("the label {label} of the alert, else "));
    let rest = parameter.fallback.as_ref().map_or_else(|| "required".to_owned(), ToString::to_string);
    format!("{}{rest}", label.unwrap_or_default())
}

/// How one rehearses it: the command with what it needs.
pub(super) fn rehearse(sheet: &Sheet) -> String {
    let required = required(&sheet.declaration, |_| false);
    format!("runbook exec {}{required} --dry-run", runbook_model::change::quoted(&sheet.name))
}

/// What is said about a step, without what only says `true` twice: `idempotent`, not `idempotent: true`.
pub(super) fn detail(detail: &Detail) -> (&str, Option<&str>) {
    let name = match detail.name.as_str() {
        "run" => "runs",
        "write" => "writes",
        "http" => "sends",
        "on" => "on host",
        "settled_by" => "after a crash",
        other => other,
    };
    (name, Some(detail.text.as_str()).filter(|text| *text != "true"))
}

/// How a command is taken back when nothing is said about it.
pub(super) fn silent(step: &StepOutline) -> bool {
    step.kind == "command" && step.rollback.is_empty() && step.rollback_steps.is_empty()
}
