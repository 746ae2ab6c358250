//! What only shows over all files together.

use std::collections::{BTreeMap, BTreeSet};

use super::finding::{Finding, Kind};
use super::judge::Wanted;
use crate::mapping::{Known, may_answer};
use crate::rules::File;

/// So many alerts with one page are called many.
const MANY: usize = 5;

/// Runbooks that serve an alert which no rule fires: the alert was renamed, or never was. `file_of` names the file of a runbook.
#[must_use]
pub fn orphans(files: &[File], runbooks: &[Known], file_of: &dyn Fn(&str) -> String) -> Vec<Finding> {
    let rules: Vec<_> = files.iter().flat_map(|file| &file.rules).collect();
    if rules.is_empty() {
        return Vec::new();
    }
    let mut found = Vec::new();
    for known in runbooks.iter().filter(|known| !known.declaration.serves.is_empty()) {
        if rules.iter().any(|rule| may_answer(&known.declaration, &rule.alert, &rule.fixed)) {
            continue;
        }
        let names: Vec<_> = known.declaration.serves.iter().map(|serves| format!("`{}`", serves.alert)).collect();
        found.push(Finding {
            kind: Kind::OrphanRunbook,
            severity: Kind::OrphanRunbook.severity(),
            file: file_of(&known.name),
            line: 1,
            column: 1,
            alert: String::new(),
            message: format!("the runbook `{}` serves {}, and no rule read here fires that", known.name, names.join(", ")),
            help: None,
        });
    }
    found
}

/// Pages elsewhere to which many alerts link: none of those alerts is explained there by itself.
#[must_use]
pub fn generic(files: &[File], wanted: &Wanted) -> Vec<Finding> {
    let mut pages: BTreeMap<&str, Vec<(&File, usize)>> = BTreeMap::new();
    for file in files {
        for (at, rule) in file.rules.iter().enumerate() {
            let Some(said) = rule.annotations.get(&wanted.annotation) else { continue };
            // Ours are told apart by their values; a fragment leads to a place of its own.
            if !said.text.contains("{{") && !said.text.contains('#') && !said.text.contains("/open/") {
                pages.entry(said.text.trim()).or_default().push((file, at));
            }
        }
    }
    let mut found = Vec::new();
    for (page, places) in pages {
        let names: BTreeSet<_> = places.iter().map(|(file, at)| file.rules[*at].alert.as_str()).collect();
        let (file, at) = places[0];
        let rule = &file.rules[at];
        if page.is_empty() || names.len() < MANY || rule.allowed.contains(Kind::GenericLink.name()) {
            continue;
        }
        let place = rule.annotations[&wanted.annotation].place;
        found.push(Finding {
            kind: Kind::GenericLink,
            severity: Kind::GenericLink.severity(),
            file: file.name.clone(),
            line: place.line,
            column: place.column,
            alert: rule.alert.clone(),
            message: format!("{} alerts link to this one page", names.len()),
            help: Some("a page, or a `#fragment`, for each tells whoever comes what to do".to_owned()),
        });
    }
    found
}
