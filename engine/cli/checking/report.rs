//! Everything that is wrong with the runbooks that were read.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::Path;

use runbook_model::declaration::Declaration;
use runbook_runtime::script::{Diagnostic, Diagnostics, Program, Severity};

use super::{links, served};
use crate::library::{Library, Title};

/// What is wrong with one runbook.
#[derive(Debug)]
pub struct Findings {
    /// The runbook.
    pub runbook: Title,
    /// What is wrong; never empty.
    pub diagnostics: Diagnostics,
}

/// What is wrong with several.
#[derive(Debug, Default)]
pub struct Report {
    /// How many were read.
    pub read: usize,
    /// Those with something wrong.
    pub findings: Vec<Findings>,
    /// How many findings the configuration allows.
    pub allowed: usize,
}

impl Report {
    /// Reads runbooks. Nothing is run. `allowed` are codes that are passed over; `has_source` knows the secrets
    /// that come from somewhere.
    #[must_use]
    pub fn of(
        library: &Library,
        root: &Path,
        titles: &[Title],
        allowed: &BTreeSet<String>,
        has_source: &dyn Fn(&str) -> bool,
    ) -> Self {
        let mut report = Self { read: titles.len(), ..Self::default() };
        // The others count, too: an alert is served twice whoever is asked about.
        let all: BTreeMap<String, (Program, Declaration)> = library
            .titles()
            .into_iter()
            .chain(titles.iter().cloned())
            .filter_map(|title| Some((title.file.clone(), library.read(&title).ok()?)))
            .collect();
        let names: BTreeMap<_, _> = library.titles().into_iter().map(|title| (title.file, title.name)).collect();
        // A module that several runbooks import is judged with each of them, and said once.
        let mut said = HashSet::new();
        for title in titles {
            let found = match all.get(&title.file) {
                None => library.read(title).err(),
                Some((program, declaration)) => {
                    let others: Vec<_> = all
                        .iter()
                        .filter(|(file, _)| **file != title.file)
                        .map(|(file, (_, other))| (names.get(file).map_or(file.as_str(), String::as_str), other))
                        .collect();
                    let mut found = program.warnings().map(|diagnostics| diagnostics.all).unwrap_or_default();
                    found.extend(served::twice(program, declaration, &others));
                    found.extend(links::dead(root, program, declaration));
                    found.extend(program.without_source(has_source).map(|orphans| orphans.all).unwrap_or_default());
                    Some(program.remarks(found))
                }
            };
            // What is wrong with the tests of a runbook is found, too.
            let of_tests = library.tests(title).and_then(|file| file.map(|file| file.background()).transpose()).err();
            for mut diagnostics in found.into_iter().chain(of_tests) {
                diagnostics.all.retain(|one| said.insert((one.span.clone(), one.code, one.message.clone())));
                let before = diagnostics.all.len();
                diagnostics.all.retain(|one| one.severity == Severity::Error || !allowed.contains(one.code.id()));
                report.allowed += before - diagnostics.all.len();
                if !diagnostics.all.is_empty() {
                    report.findings.push(Findings { runbook: title.clone(), diagnostics });
                }
            }
        }
        report
    }

    /// Every finding with the name of its runbook.
    pub fn each(&self) -> impl Iterator<Item = (&str, &Diagnostic)> {
        self.findings.iter().flat_map(|found| found.diagnostics.all.iter().map(|one| (found.runbook.name.as_str(), one)))
    }

    /// How many findings are this bad.
    #[must_use]
    pub fn count(&self, severity: Severity) -> usize {
        self.each().filter(|(_, diagnostic)| diagnostic.severity == severity).count()
    }

    /// The last line for people.
    #[must_use]
    pub fn verdict(&self) -> String {
        let counted = |number: usize, one: &str| if number == 1 { format!("1 {one}") } else { format!("{number} {one}s") };
        let (errors, warnings) = (self.count(Severity::Error), self.count(Severity::Warning));
        let mut parts = Vec::new();
        if errors > 0 {
            parts.push(counted(errors, "error"));
        }
        if warnings > 0 {
            parts.push(counted(warnings, "warning"));
        }
        if parts.is_empty() {
            parts.push("no mistakes".to_owned());
        }
        if self.allowed > 0 {
            parts.push(format!("{} allowed by runbook.toml", self.allowed));
        }
        format!("{} read, {}\n", counted(self.read, "runbook"), parts.join(", "))
    }
}
