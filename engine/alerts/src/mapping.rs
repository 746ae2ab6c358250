//! From an alert to a runbook and its parameters. Pure: what is declared, and what the alert says.

use std::collections::BTreeMap;

use runbook_model::declaration::{Declaration, Serves};

/// A runbook by its name, with what it says about itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Known {
    /// Its name: `rollback-api` or `db/failover`.
    pub name: String,
    /// What it declares.
    pub declaration: Declaration,
}

/// Whether a runbook says that it answers this alert. Names are compared without case: links are written by hand.
#[must_use]
pub fn answers(declaration: &Declaration, alert: &str, labels: &BTreeMap<String, String>) -> bool {
    declaration
        .serves
        .iter()
        .any(|serves| is_named(serves, alert) && serves.labels.iter().all(|(label, value)| labels.get(label) == Some(value)))
}

/// Why a runbook that serves alerts of this name does not answer this one: label by label, of the entry that is nearest to it. Empty
/// when it answers, or serves no such alert at all.
#[must_use]
pub fn unmet(declaration: &Declaration, alert: &str, labels: &BTreeMap<String, String>) -> Vec<Unmet> {
    let unmet = |serves: &Serves| -> Vec<Unmet> {
        let others = serves.labels.iter().filter(|(label, value)| labels.get(*label) != Some(*value));
        let of = |(label, wanted): (&String, &String)| {
            let (label, wanted) = (label.clone(), wanted.clone());
            Unmet { found: labels.get(&label).cloned(), label, wanted }
        };
        others.map(of).collect()
    };
    let named = declaration.serves.iter().filter(|serves| is_named(serves, alert));
    named.map(unmet).min_by_key(Vec::len).unwrap_or_default()
}

/// A label that keeps a runbook from answering an alert of a name that it serves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unmet {
    label: String,
    wanted: String,
    found: Option<String>,
}

impl std::fmt::Display for Unmet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { label, wanted, found } = self;
        match found {
            Some(found) => write!(f, "serves it where `{label}` is `{wanted}`: here it is `{found}`"),
            None => write!(f, "serves it where `{label}` is `{wanted}`: the alert has no label `{label}`"),
        }
    }
}

/// The values that the labels of an alert give to the parameters of a runbook: by what it declares, and by nothing else.
#[must_use]
pub fn values(declaration: &Declaration, labels: &BTreeMap<String, String>) -> Vec<(String, String)> {
    let filled = declaration.params.iter().filter_map(|(name, parameter)| {
        let label = parameter.from_label.as_ref()?;
        Some((name.clone(), labels.get(label)?.clone()))
    });
    filled.collect()
}

/// Whether a runbook may answer what a rule fires. Of a rule, not every label is known: those of the metric come later. So only a
/// label that the rule sets to another value speaks against it.
#[must_use]
pub fn may_answer(declaration: &Declaration, alert: &str, fixed: &BTreeMap<String, String>) -> bool {
    declaration.serves.iter().any(|serves| {
        is_named(serves, alert) && serves.labels.iter().all(|(label, value)| fixed.get(label).is_none_or(|set| set == value))
    })
}

/// Whether one alert can be meant by both: no label tells them apart.
#[must_use]
pub fn both_answer(one: &Serves, other: &Serves) -> bool {
    let apart = |(label, value)| other.labels.get(label).is_some_and(|theirs| theirs != value);
    is_named(one, &other.alert) && !one.labels.iter().any(apart)
}

fn is_named(serves: &Serves, alert: &str) -> bool {
    serves.alert.to_lowercase() == alert.to_lowercase()
}

/// Every runbook that answers an alert, in the order given. One is what a page wants; of several, a person chooses.
#[must_use]
pub fn answering<'a>(runbooks: &'a [Known], alert: &str, labels: &BTreeMap<String, String>) -> Vec<&'a Known> {
    runbooks.iter().filter(|known| answers(&known.declaration, alert, labels)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use runbook_model::parameter::Parameter;

    proptest! {
        /// More labels on an alert never take a runbook away, and what a rule fires is answered by who answers the alert.
        #[test]
        fn labels_only_narrow(
            wanted in proptest::collection::btree_map("[ab]", "[xy]", 0..3),
            has in proptest::collection::btree_map("[abc]", "[xy]", 0..4),
            more in proptest::collection::btree_map("[d-f]", "[xy]", 0..3),
        ) {
            let serves = Serves { alert: "A".to_owned(), labels: wanted.clone() };
            let declaration = Declaration { serves: vec![serves], ..Declaration::default() };
            let grown: BTreeMap<_, _> = has.clone().into_iter().chain(more).collect();
            let fits = wanted.iter().all(|(label, value)| has.get(label) == Some(value));
            prop_assert_eq!(answers(&declaration, "a", &has), fits);
            prop_assert_eq!(answers(&declaration, "A", &grown), fits);
            prop_assert!(!fits || may_answer(&declaration, "A", &has));
            prop_assert!(!answers(&declaration, "B", &grown));
        }

        /// Nothing reaches a parameter that does not ask for that label.
        #[test]
        fn values_come_from_declared_labels_only(labels in proptest::collection::btree_map("[a-d]", ".{0,9}", 0..5)) {
            let from = |label: &str| Parameter { from_label: Some(label.to_owned()), ..Parameter::default() };
            let params = [("p".to_owned(), from("a")), ("q".to_owned(), from("b")), ("c".to_owned(), Parameter::default())].into();
            let declaration = Declaration { params, ..Declaration::default() };
            let found: BTreeMap<_, _> = values(&declaration, &labels).into_iter().collect();
            prop_assert_eq!(found.get("p"), labels.get("a"));
            prop_assert_eq!(found.get("q"), labels.get("b"));
            prop_assert!(!found.contains_key("c"));
        }
    }

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

    #[test]
    fn a_label_with_two_values_tells_alerts_apart() {
        let serves = |alert: &str, pairs: &[(&str, &str)]| Serves { alert: alert.to_owned(), labels: labels(pairs) };
        assert!(both_answer(&serves("A", &[]), &serves("a", &[("team", "x")])));
        assert!(both_answer(&serves("A", &[("zone", "1")]), &serves("A", &[("team", "x")])));
        assert!(!both_answer(&serves("A", &[("team", "y")]), &serves("A", &[("team", "x")])));
        assert!(!both_answer(&serves("A", &[]), &serves("B", &[])));
    }
}
