//! For whom findings are written.

use clap::ValueEnum;

use super::{Checked, checkstyle, github, gitlab, json, junit, sarif};

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
    /// For GitLab: a Code Quality report
    Gitlab,
    /// For build servers: JUnit XML, an alert is a test
    Junit,
    /// For reviewers' tools: Checkstyle XML
    Checkstyle,
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
            Self::Gitlab => Some(gitlab::report(checked)),
            Self::Junit => Some(junit::document(checked)),
            Self::Checkstyle => Some(checkstyle::document(checked)),
        }
    }
}
