//! Alerts that two runbooks want to answer.

use runbook_model::declaration::{Declaration, Serves};
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

/// Whether one alert can be meant by both: no label tells them apart.
fn both_answer(one: &Serves, other: &Serves) -> bool {
    let apart = |(label, value)| other.labels.get(label).is_some_and(|theirs| theirs != value);
    one.alert == other.alert && !one.labels.iter().any(apart)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_with_two_values_tells_alerts_apart() {
        let serves = |alert: &str, labels: &[(&str, &str)]| Serves {
            alert: alert.to_owned(),
            labels: labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
        };
        assert!(both_answer(&serves("A", &[]), &serves("A", &[("team", "x")])));
        assert!(both_answer(&serves("A", &[("zone", "1")]), &serves("A", &[("team", "x")])));
        assert!(!both_answer(&serves("A", &[("team", "y")]), &serves("A", &[("team", "x")])));
        assert!(!both_answer(&serves("A", &[]), &serves("B", &[])));
    }
}
