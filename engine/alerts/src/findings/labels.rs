//! Labels that are surely not there when an alert fires: its annotations read them in vain.

use crate::promql;
use crate::rules::Rule;

/// Why a label that an annotation reads is missing; `None` when it may be there, or when the expression is not understood.
#[must_use]
pub fn missing(rule: &Rule, label: &str) -> Option<String> {
    let expression = rule.expression.as_deref()?;
    let is_set = rule.fixed.contains_key(label) || rule.computed.contains(label);
    if is_set && rule.sees_own_labels {
        return None;
    }
    // One that is computed is often made of the metric's own, which then is there.
    if rule.fixed.contains_key(label) && !mentions(expression, label) {
        return Some("the rule itself sets it, and `$labels` holds those of the metric only; write its value".to_owned());
    }
    promql::read(expression).ok()?.lost(label)
}

/// Whether a word stands anywhere in a text.
fn mentions(text: &str, word: &str) -> bool {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).any(|found| found == word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(kind: &str, expression: &str) -> Rule {
        let expression = serde_json::Value::from(expression);
        let rule = format!("{{alert: A, labels: {{team: t, zone: '{{{{ $value }}}}'}}, expr: {expression}}}");
        let text = format!("kind: {kind}\napiVersion: x\nspec:\n  groups:\n  - rules:\n    - {rule}\n");
        crate::rules::read("f", &text).rules.remove(0)
    }

    #[test]
    fn a_label_that_the_rule_adds_is_no_label_of_the_metric() {
        for (expression, label, gone) in [
            ("up == 0", "team", true),
            ("up{team=\"x\"} == 0", "team", false),
            ("sum by (team) (x)", "team", false),
            // It may be computed of the metric's own.
            ("up == 0", "zone", false),
            ("sum(up) == 0", "zone", true),
            ("sum(up) == 0", "pod", true),
            ("what { is this", "pod", false),
        ] {
            assert_eq!(missing(&rule("PrometheusRule", expression), label).is_some(), gone, "{expression}: {label}");
        }
        // VictoriaMetrics renders annotations with the labels of the rule as well.
        assert_eq!(missing(&rule("VMRule", "sum(up) == 0"), "team"), None);
        assert!(missing(&rule("VMRule", "sum(up) == 0"), "pod").is_some());
    }
}
