//! Which labels the result of an expression surely does not have, and what takes them away.

use super::expression::{By, Expression, Gives, Grouping, Matcher, Matching, Node, Operator, Side};
use super::functions::{CHOICES, OF_TIME, SCALARS, keeps_labels};

impl Expression {
    /// Why no element of the result has this label; `None` when one may have it.
    #[must_use]
    pub fn lost(&self, label: &str) -> Option<String> {
        match &self.node {
            Node::Number | Node::Text(_) => Some("a number has no labels".to_owned()),
            Node::Selector(matchers) => {
                let is_empty = |matcher: &&Matcher| matcher.label == label && matcher.equals.as_deref() == Some("");
                matchers.iter().find(is_empty).map(|_| format!("its selector asks for `{label}=\"\"`"))
            }
            Node::Subquery(inner) => inner.lost(label),
            Node::Call { function, arguments, grouping } => of_call(function, arguments, grouping.as_ref(), label),
            Node::Aggregation { operator, grouping, arguments } => {
                if CHOICES.contains(&operator.as_str()) {
                    return arguments.last()?.lost(label);
                }
                // `count_values("version", …)` makes a label of a value.
                if operator == "count_values" && named_by(arguments.first()?, label) {
                    return None;
                }
                match grouping {
                    Some(grouping) => of_grouping(operator, grouping, arguments.last()?, label),
                    None => Some(format!("`{operator}` takes all labels away")),
                }
            }
            Node::Binary { operator: Operator::Or, left, right, .. } => left.lost(label).and(right.lost(label)),
            Node::Binary { operator: Operator::Filter, left, .. } => left.lost(label),
            Node::Binary { left, right, matching, .. } => match (left.gives(), right.gives()) {
                (Gives::Vector, Gives::Vector) => of_matching(left, right, matching, label),
                (Gives::Vector, Gives::Scalar) => left.lost(label),
                (Gives::Scalar, Gives::Vector) => right.lost(label),
                (Gives::Scalar, Gives::Scalar) => Some("a number has no labels".to_owned()),
                _ => None,
            },
        }
    }

    fn gives(&self) -> Gives {
        match &self.node {
            Node::Number | Node::Text(_) => Gives::Scalar,
            Node::Selector(_) | Node::Subquery(_) | Node::Aggregation { .. } => Gives::Vector,
            Node::Call { function, .. } if SCALARS.contains(&function.as_str()) => Gives::Scalar,
            Node::Call { function, .. } if is_known(function) => Gives::Vector,
            Node::Call { .. } => Gives::Unknown,
            Node::Binary { operator: Operator::Or | Operator::Filter, .. } => Gives::Vector,
            Node::Binary { left, right, .. } => match (left.gives(), right.gives()) {
                (Gives::Scalar, Gives::Scalar) => Gives::Scalar,
                (Gives::Unknown, _) | (_, Gives::Unknown) => Gives::Unknown,
                _ => Gives::Vector,
            },
        }
    }
}

fn is_known(function: &str) -> bool {
    keeps_labels(function)
        || matches!(function, "absent" | "absent_over_time" | "vector" | "label_replace" | "label_join" | "histogram_quantile")
}

fn of_call(function: &str, arguments: &[Expression], grouping: Option<&Grouping>, label: &str) -> Option<String> {
    // The first that is no number: `quantile_over_time(0.9, x[5m])`.
    let vector = || arguments.iter().find(|argument| argument.gives() != Gives::Scalar);
    if let Some(grouping) = grouping {
        return of_grouping(function, grouping, vector()?, label);
    }
    match function {
        "vector" => Some("`vector` gives no labels".to_owned()),
        function if SCALARS.contains(&function) => Some(format!("`{function}` gives a number, and that has no labels")),
        "absent" | "absent_over_time" => match &arguments.first()?.node {
            Node::Selector(matchers) if sets(matchers, label) => None,
            Node::Selector(_) => Some(format!("`{function}` gives only the labels that its selector sets with `=`")),
            _ => Some(format!("`{function}` of anything but a selector gives no labels")),
        },
        "label_replace" => {
            let [vector, target, replacement, ..] = arguments else { return None };
            let Node::Text(_) = target.node else { return None };
            let is_emptied = matches!(&replacement.node, Node::Text(text) if text.is_empty());
            if named_by(target, label) && !is_emptied { None } else { vector.lost(label) }
        }
        "label_join" => {
            let [vector, target, ..] = arguments else { return None };
            let Node::Text(_) = target.node else { return None };
            if named_by(target, label) { None } else { vector.lost(label) }
        }
        "histogram_quantile" if label == "le" => Some("`histogram_quantile` takes it away".to_owned()),
        "histogram_quantile" => arguments.get(1)?.lost(label),
        function if OF_TIME.contains(&function) && arguments.is_empty() => Some(format!("`{function}()` gives no labels")),
        function if keeps_labels(function) => vector()?.lost(label),
        _ => None,
    }
}

/// Whether `absent` makes a label of the matchers of its selector: of the first `=`, unless something else about the same label follows.
fn sets(matchers: &[Matcher], label: &str) -> bool {
    let (mut sets, mut seen) = (false, false);
    for matcher in matchers.iter().filter(|matcher| matcher.label == label) {
        sets = !seen && matcher.equals.as_ref().is_some_and(|value| !value.is_empty());
        seen |= matcher.equals.is_some();
    }
    sets
}

fn named_by(text: &Expression, label: &str) -> bool {
    matches!(&text.node, Node::Text(text) if text == label)
}

fn of_grouping(operator: &str, grouping: &Grouping, inner: &Expression, label: &str) -> Option<String> {
    let listed = |names: &[String]| names.iter().any(|name| name == label);
    match grouping {
        Grouping::By(names) if !listed(names) => Some(format!("`{operator} by ({})` takes it away", shown(names))),
        Grouping::Without(names) if listed(names) => Some(format!("`{operator} without ({})` takes it away", shown(names))),
        Grouping::By(_) | Grouping::Without(_) => inner.lost(label),
    }
}

/// Comparisons and arithmetic between elements that belong together.
fn of_matching(left: &Expression, right: &Expression, matching: &Matching, label: &str) -> Option<String> {
    let listed = |names: &[String]| names.iter().any(|name| name == label);
    // What has to be the same on both sides is nowhere when it is nowhere on one.
    let either = || left.lost(label).or_else(|| right.lost(label));
    let Some(side) = matching.many else {
        return match &matching.by {
            None => either(),
            Some(By::On(names)) if listed(names) => either(),
            Some(By::On(names)) => Some(format!("`on ({})` keeps no other labels", shown(names))),
            Some(By::Ignoring(names)) if listed(names) => Some(format!("`ignoring ({})` takes it away", shown(names))),
            Some(By::Ignoring(_)) => either(),
        };
    };
    let (many, one, word) = match side {
        Side::Left => (left, right, "group_left"),
        Side::Right => (right, left, "group_right"),
    };
    if listed(&matching.included) {
        return one.lost(label).map(|why| format!("`{word} ({label})` takes it from the other side, and there {why}"));
    }
    match &matching.by {
        Some(By::On(names)) if listed(names) => either(),
        _ => many.lost(label),
    }
}

fn shown(names: &[String]) -> String {
    names.join(", ")
}
