//! Alerts that two runbooks want to answer.

use runbook_alerts::mapping::both_answer;
use runbook_model::declaration::Declaration;
use runbook_runtime::script::{Code, Diagnostic, Program};

/// The alerts of a runbook that others serve as well. `others` are their names with what they say of themselves.
pub(super) fn twice(program: &Program, declaration: &Declaration, others: &[(&str, &Declaration)]) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for serves in &declaration.serves {
        let rivals: Vec<_> = others
            .iter()
            .filter(|(_, other)| other.serves.iter().any(|other| both_answer(serves, other)))
            .map(|(name, _)| format!("`{name}`"))
            .collect();
        if !rivals.is_empty() {
            let message = format!("{} serves the alert `{}`, too", rivals.join(" and "), serves.alert);
            let help = "distinguish them by `labels`, or take the alert out of one: when it fires, one page is shown";
            found.push(Diagnostic::warning(Code::ServedTwice, message).help(help).at(program.declared_at("serves")));
        }
    }
    found
}
