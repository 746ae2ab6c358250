//! Findings that were there before: everybody begins with a backlog, and only what is new has to fail.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use runbook_alerts::findings::Finding;
use serde::{Deserialize, Serialize};

use crate::failure::Failure;

/// Findings that were there before, as often as they were. Lines do not count: what stands above moves them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Baseline {
    v: u32,
    findings: BTreeMap<String, usize>,
}

impl Baseline {
    /// Of findings.
    #[must_use]
    pub fn of(findings: &[Finding]) -> Self {
        let mut baseline = Self { v: 1, findings: BTreeMap::new() };
        for finding in findings {
            *baseline.findings.entry(finding.identity()).or_default() += 1;
        }
        baseline
    }

    /// Reads one.
    ///
    /// # Errors
    /// It is not there, or it is none.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let wrong = |error: String| {
            Failure::usage(format!("cannot read the baseline `{}`: {error}", path.display()))
                .hint("runbook alerts check … --baseline FILE --write-baseline writes one")
        };
        let text = fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
        let baseline: Self = serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?;
        if baseline.v == 1 { Ok(baseline) } else { Err(wrong(format!("version {} is not known here", baseline.v))) }
    }

    /// Writes it: one finding a line, in order, so that a difference can be read.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), Failure> {
        let text = format!("{}\n", serde_json::to_string_pretty(self).unwrap_or_default());
        fs::write(path, text).map_err(|error| Failure::usage(format!("cannot write `{}`: {error}", path.display())))
    }

    /// Takes away the findings that were there before; says how many.
    pub fn take_away(mut self, findings: &mut Vec<Finding>) -> usize {
        let before = findings.len();
        findings.retain(|finding| match self.findings.get_mut(&finding.identity()) {
            Some(count) if *count > 0 => {
                *count -= 1;
                false
            }
            _ => true,
        });
        before - findings.len()
    }
}
