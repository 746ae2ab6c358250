//! For whom findings are written.

use std::path::Path;

use clap::ValueEnum;

use super::{Report, github, json, sarif};

/// For whom findings are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people: source lines with marks, on standard error
    Text,
    /// For programs: one finding a line
    Json,
    /// For code hosts and dashboards: a SARIF 2.1.0 log
    Sarif,
    /// For GitHub Actions: annotations
    Github,
}

impl Format {
    /// The findings for standard output; `None` for people, who read them as they come.
    #[must_use]
    pub fn written(self, report: &Report, prefix: &Path) -> Option<String> {
        match self {
            Self::Text => None,
            Self::Json => Some(json::lines(report)),
            Self::Sarif => Some(sarif::log(report, prefix)),
            Self::Github => Some(github::annotations(report, prefix)),
        }
    }
}
