//! From an alert to a runbook and its parameters. Pure: what is declared, and what the alert says.

use std::collections::BTreeMap;

use runbook_model::declaration::Declaration;

/// Whether a runbook says that it answers this alert. Names are compared without case: links are written by hand.
pub(super) fn answers(declaration: &Declaration, alert: &str, labels: &BTreeMap<String, String>) -> bool {
    declaration.serves.iter().any(|serves| {
        let same = serves.alert.to_lowercase() == alert.to_lowercase();
        same && serves.labels.iter().all(|(label, value)| labels.get(label) == Some(value))
    })
}

/// The values that the labels of an alert give to the parameters of a runbook: by what it declares, and by nothing else.
pub(super) fn values(declaration: &Declaration, labels: &BTreeMap<String, String>) -> Vec<(String, String)> {
    let filled = declaration.params.iter().filter_map(|(name, parameter)| {
        let label = parameter.from_label.as_ref()?;
        Some((name.clone(), labels.get(label)?.clone()))
    });
    filled.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use runbook_model::declaration::Serves;
    use runbook_model::parameter::Parameter;

    fn labels(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn an_alert_is_known_by_its_name_and_its_labels() {
        let serves = Serves { alert: "ApiHighErrorRate".to_owned(), labels: labels(&[("team", "payments")]) };
        let service = Parameter { from_label: Some("svc".to_owned()), ..Parameter::default() };
        let params = [("service".to_owned(), service), ("team".to_owned(), Parameter::default())].into();
        let declaration = Declaration { serves: vec![serves], params, ..Declaration::default() };
        assert!(answers(&declaration, "apihigherrorrate", &labels(&[("team", "payments"), ("x", "y")])));
        assert!(!answers(&declaration, "ApiHighErrorRate", &labels(&[("team", "search")])));
        assert!(!answers(&declaration, "Other", &labels(&[("team", "payments")])));
        let given = labels(&[("svc", "checkout"), ("team", "payments")]);
        assert_eq!(values(&declaration, &given), [("service".to_owned(), "checkout".to_owned())]);
    }
}
