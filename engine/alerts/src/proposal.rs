//! What a link or an alert proposes: values for parameters, and nothing else. Not the mode, the environment, the person or an
//! answer; and each value is judged before anybody sees it in a field.

use std::collections::BTreeMap;

use runbook_model::declaration::Declaration;
use runbook_model::parameter::Origin;

/// So many things that are ignored are shown.
const MOST: usize = 20;

/// What a link or an alert proposes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proposal {
    /// Values for parameters that the runbook has, good ones only.
    pub values: BTreeMap<String, (String, Origin)>,
    /// Values that the runbook does not take, and why.
    pub refused: Vec<(String, String, String)>,
    /// Names that mean nothing here, or were given already.
    pub ignored: Vec<String>,
}

impl Proposal {
    /// Takes names and values from somewhere. The first of two values for one name counts, and the second is ignored.
    pub fn take(&mut self, declaration: &Declaration, pairs: impl IntoIterator<Item = (String, String)>, origin: Origin) {
        for (name, value) in pairs {
            let Some(parameter) = declaration.params.get(&name) else {
                self.ignore(name);
                continue;
            };
            if self.values.contains_key(&name) {
                self.ignore(name);
                continue;
            }
            match parameter.read_of(&value, origin) {
                Ok(_) => {
                    self.values.insert(name, (value, origin));
                }
                Err(_) if self.refused.len() >= MOST => {}
                Err(want) => self.refused.push((name, parameter.shown(&value), want)),
            }
        }
    }

    fn ignore(&mut self, name: String) {
        if self.ignored.len() < MOST && !self.ignored.contains(&name) {
            self.ignored.push(name);
        }
    }

    /// What is ignored, by the reason: parameters that were given twice, and names that are none.
    #[must_use]
    pub fn ignored(&self, declaration: &Declaration) -> (Vec<&str>, Vec<&str>) {
        self.ignored.iter().map(String::as_str).partition(|name| declaration.params.contains_key(*name))
    }

    /// The same as a text that a form carries.
    #[must_use]
    pub fn text(&self) -> String {
        serde_json::to_string(&self.values).unwrap_or_default()
    }

    /// The values of a text that a form carried.
    #[must_use]
    pub fn read(carried: &str) -> BTreeMap<String, (String, Origin)> {
        serde_json::from_str(carried).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use runbook_model::parameter::Parameter;

    #[test]
    fn a_link_proposes_good_values_and_nothing_else() {
        let service = Parameter { pattern: Some("[a-z]{1,9}".to_owned()), ..Parameter::default() };
        let declaration = Declaration { params: [("service".to_owned(), service)].into(), ..Declaration::default() };
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let mut proposal = Proposal::default();
        let pairs = [pair("service", "checkout"), pair("service", "other"), pair("execute", "true"), pair("dry_run", "false")];
        proposal.take(&declaration, pairs, Origin::Link);
        assert_eq!(proposal.values, [("service".to_owned(), ("checkout".to_owned(), Origin::Link))].into());
        assert_eq!(proposal.ignored, ["service", "execute", "dry_run"]);
        assert_eq!(proposal.ignored(&declaration), (vec!["service"], vec!["execute", "dry_run"]));
        assert_eq!(Proposal::read(&proposal.text()), proposal.values);
        assert!(Proposal::read("").is_empty());
        let mut hostile = Proposal::default();
        hostile.take(&declaration, [pair("service", "x; rm -rf /")], Origin::Alert);
        assert!(hostile.values.is_empty() && hostile.refused.len() == 1);
    }
}
