//! For whom findings are written.

use clap::ValueEnum;
use runbook_alerts::findings::{Finding, Severity};

use super::{github, json, sarif, text};
use crate::output::style::Palette;

/// For whom findings are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people: one finding and what to write instead, on standard error
    Text,
    /// For programs: one finding a line
    Json,
    /// For code hosts and dashboards: a SARIF 2.1.0 log
    Sarif,
    /// For GitHub Actions: annotations, the worst first
    Github,
}

/// What was read and found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Checked {
    /// How many files were read.
    pub files: usize,
    /// How many alerts they hold.
    pub alerts: usize,
    /// How many of those have a link.
    pub linked: usize,
    /// What is wrong, errors first.
    pub findings: Vec<Finding>,
    /// How many findings the baseline took away.
    pub before: usize,
    /// What was skipped, and why.
    pub skipped: Vec<String>,
}

impl Checked {
    /// How many findings are so bad.
    #[must_use]
    pub fn count(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|finding| finding.severity == severity).count()
    }
}

impl Format {
    /// The findings for standard output; `None` for people.
    #[must_use]
    pub fn written(self, checked: &Checked) -> Option<String> {
        match self {
            Self::Text => None,
            Self::Json => Some(json::lines(checked)),
            Self::Sarif => Some(sarif::log(checked)),
            Self::Github => Some(github::annotations(checked)),
        }
    }
}

impl Checked {
    /// The findings for people.
    #[must_use]
    pub fn shown(&self, palette: Palette) -> String {
        text::findings(self, palette)
    }

    /// One line about all.
    #[must_use]
    pub fn verdict(&self) -> String {
        text::verdict(self)
    }
}
