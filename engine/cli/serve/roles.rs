//! What a visitor may do.

use std::collections::BTreeMap;

/// What a visitor may do. Each is a right of its own: who approves need not be allowed to run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Roles {
    /// See runbooks, runs and alerts.
    pub(super) views: bool,
    /// Rehearse, run, resume and roll back.
    pub(super) operates: bool,
    /// Answer confirms; which ones, the confirm says.
    pub(super) approves: bool,
}

impl Roles {
    /// Every right: for the owner of the state directory, who needs no page for any of it.
    pub(super) const ALL: Self = Self { views: true, operates: true, approves: true };
}

/// Who has which role: names, `@group` of `[groups]`, or `*` for everybody who is known at all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Lists {
    pub(super) viewers: Vec<String>,
    pub(super) operators: Vec<String>,
    pub(super) approvers: Vec<String>,
}

impl Lists {
    /// The roles of a person.
    pub(super) fn of(&self, name: &str, groups: &BTreeMap<String, Vec<String>>) -> Roles {
        let is_in = |list: &Vec<String>| {
            list.iter().any(|entry| match entry.strip_prefix('@') {
                Some(group) => groups.get(group).is_some_and(|members| members.iter().any(|member| member == name)),
                None => entry == "*" || entry == name,
            })
        };
        let (operates, approves) = (is_in(&self.operators), is_in(&self.approvers));
        Roles { views: operates || approves || is_in(&self.viewers), operates, approves }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_is_given_by_name_by_group_or_to_all_and_otherwise_not() {
        let groups = [("oncall".to_owned(), vec!["ann".to_owned()])].into();
        let texts = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect();
        let lists = Lists { viewers: texts(&["vic"]), operators: texts(&["@oncall"]), approvers: texts(&["bob"]) };
        assert_eq!(lists.of("ann", &groups), Roles { views: true, operates: true, approves: false });
        assert_eq!(lists.of("bob", &groups), Roles { views: true, operates: false, approves: true });
        assert_eq!(lists.of("vic", &groups), Roles { views: true, operates: false, approves: false });
        assert!(!lists.of("mallory", &groups).views && !lists.of("@oncall", &groups).views);
        assert!(Lists { viewers: texts(&["*"]), ..Lists::default() }.of("anybody", &groups).views);
    }
}
