//! The address that belongs to a rule.

use crate::findings::missing;
use crate::link;
use crate::mapping::Known;
use crate::rules::Rule;

/// The address of a runbook with the labels of a rule as templates.
///
/// # Errors
/// A required parameter cannot be filled; says which.
pub(super) fn of(rule: &Rule, known: &Known, base: &str) -> Result<String, String> {
    let mut pairs = Vec::new();
    for (name, parameter) in &known.declaration.params {
        let required = parameter.fallback.is_none();
        let Some(label) = &parameter.from_label else {
            if required {
                return Err(format!("`{}` needs `{name}`, and no label fills it (`from_label`)", known.name));
            }
            continue;
        };
        // A label that the rule sets is not in `$labels`: its value is written out.
        if let Some(value) = rule.fixed.get(label) {
            if let Err(want) = parameter.read(value) {
                return Err(format!("`{}` does not take the label `{label}` for `{name}`: {want}", known.name));
            }
            pairs.push(format!("{}={}", link::encoded(name), link::encoded(value)));
        } else if let Some(why) = missing(rule, label) {
            if required {
                return Err(format!("`{}` needs `{name}` from the label `{label}`: {why}", known.name));
            }
        } else if label.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
            pairs.push(format!("{}={{{{ $labels.{label} | urlquery }}}}", link::encoded(name)));
        } else {
            return Err(format!("`{label}` is no name of a label"));
        }
    }
    let query = if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) };
    Ok(link::to_runbook(base, &known.name, &[]) + &query)
}
