//! Labels that are surely not there when an alert fires. PromQL is not understood here: only what is plain is said.

use crate::rules::Rule;

const AGGREGATIONS: [&str; 13] = [
    "sum",
    "min",
    "max",
    "avg",
    "group",
    "stddev",
    "stdvar",
    "count",
    "count_values",
    "quantile",
    "limitk",
    "limit_ratio",
    "absent",
];

/// Why a label that an annotation reads is missing; `None` when it may be there.
#[must_use]
pub fn missing(rule: &Rule, label: &str) -> Option<String> {
    let expression = rule.expression.as_deref()?;
    if matches!(label, "alertname" | "__name__") && rule.fixed.contains_key(label) {
        return None;
    }
    let words = words(expression);
    let mentioned = words.iter().any(|word| word == label);
    // Prometheus renders annotations with the labels of the metric; those that the rule adds are not among them.
    if (rule.fixed.contains_key(label) || rule.computed.contains(label)) && !mentioned {
        return Some("the rule itself sets it, and `$labels` holds those of the metric only; write its value".to_owned());
    }
    let first = words.iter().position(|word| word != "(")?;
    match words[first].as_str() {
        "absent" | "absent_over_time" if !mentioned => {
            return Some(format!("`{}` gives only labels of its selector", words[first]));
        }
        "vector" | "scalar" | "time" => return Some(format!("`{}` gives no labels", words[first])),
        word if AGGREGATIONS[..12].contains(&word) => {}
        _ => return None,
    }
    // A join brings labels back.
    if words.iter().any(|word| word == "group_left" || word == "group_right" || word == "label_replace" || word == "label_join") {
        return None;
    }
    let clause = match words.get(first + 1).map(String::as_str) {
        Some("by" | "without") => first + 1,
        _ => closing(&words, first + 1)? + 1,
    };
    let listed = |at: usize| {
        let end = closing(&words, at).unwrap_or(at);
        words[at.min(end)..end].iter().any(|word| word == label)
    };
    match words.get(clause).map(String::as_str) {
        Some("by") if !listed(clause + 1) => Some(format!("`{} by (…)` takes it away", words[first])),
        Some("without") if listed(clause + 1) => Some(format!("`{} without (…)` takes it away", words[first])),
        Some("by" | "without") => None,
        _ => Some(format!("`{}` takes all labels away", words[first])),
    }
}

/// Names and brackets, without texts and comments.
fn words(expression: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = expression.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '"' | '\'' | '`' => {
                while let Some(inner) = rest.next() {
                    match inner {
                        '\\' if c != '`' => drop(rest.next()),
                        inner if inner == c => break,
                        _ => {}
                    }
                }
            }
            '#' => while rest.next_if(|c| *c != '\n').is_some() {},
            c if c.is_ascii_alphabetic() || c == '_' => {
                let mut word = c.to_string();
                while let Some(c) = rest.next_if(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | ':')) {
                    word.push(c);
                }
                words.push(word);
            }
            '(' | ')' => words.push(c.to_string()),
            _ => {}
        }
    }
    words
}

/// The bracket that closes the one at a place.
fn closing(words: &[String], open: usize) -> Option<usize> {
    if words.get(open)? != "(" {
        return None;
    }
    let mut depth = 0usize;
    words.iter().enumerate().skip(open).find_map(|(at, word)| {
        match word.as_str() {
            "(" => depth += 1,
            ")" => depth -= 1,
            _ => {}
        }
        (depth == 0).then_some(at)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rule(expression: &str) -> Rule {
        let text = format!(
            "groups:\n- rules:\n  - alert: A\n    labels: {{team: t}}\n    expr: {}\n",
            serde_json::Value::from(expression)
        );
        crate::rules::read("f", &text).rules.remove(0)
    }

    #[test]
    fn only_what_is_plain_is_said() {
        for (expression, label, gone) in [
            ("sum by (pod) (rate(x[5m])) > 1", "pod", false),
            ("sum by (pod) (rate(x[5m])) > 1", "node", true),
            ("(sum(rate(x{node=\"a\"}[5m])) by (pod)) / 2 > 1", "node", true),
            ("sum(rate(x[5m])) by (pod)", "pod", false),
            ("sum(x) > 1", "pod", true),
            ("count without (pod) (x)", "pod", true),
            ("count without (pod) (x)", "node", false),
            ("absent(up{job=\"a\"})", "job", false),
            ("absent(up{job=\"a\"})", "pod", true),
            ("up == 0", "pod", false),
            ("up == 0", "team", true),
            ("up{team=\"x\"} == 0", "team", false),
            ("sum by (pod) (x) * on (pod) group_left (node) y", "node", false),
            ("sum by (pod) (x{text=\"by (node)\"}) # by (node)", "node", true),
            ("vector(1)", "pod", true),
        ] {
            assert_eq!(missing(&rule(expression), label).is_some(), gone, "{expression}: {label}");
        }
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(expression in "(sum|by|without|[() a\"'\\\\#\n]|é){0,30}") {
            drop(missing(&rule(&expression), "a"));
        }
    }
}
