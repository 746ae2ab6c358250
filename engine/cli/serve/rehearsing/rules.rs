//! `[serve.rehearse]`: which runbooks an alert may rehearse by itself, and how much of that there may be.

use std::time::Duration;

use runbook_model::length::Length;
use serde::Deserialize;

use crate::configuration::Configuration;
use crate::failure::Failure;

/// What is allowed. Without it, nothing is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::serve) struct Rules {
    runbooks: Vec<String>,
    /// The environment that they get.
    pub(super) env: Option<String>,
    /// So many at a time, at least 1.
    pub(super) at_once: usize,
    /// So many within an hour.
    pub(super) per_hour: usize,
    /// One that takes longer is stopped.
    pub(super) within: Duration,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    runbooks: Vec<String>,
    env: Option<String>,
    #[serde(default = "two")]
    at_once: usize,
    #[serde(default = "twenty")]
    per_hour: usize,
    within: Option<Length>,
}

fn two() -> usize {
    2
}

fn twenty() -> usize {
    20
}

impl Rules {
    /// Those of a configuration.
    ///
    /// # Errors
    /// They say something that cannot be, or name an environment that there is not.
    pub(in crate::serve) fn of(configuration: &Configuration) -> Result<Option<Self>, Failure> {
        let Some(table) = &configuration.serve.rehearse else { return Ok(None) };
        let wrong = |why: &str| Failure::usage(format!("[serve.rehearse] ({}): {why}", table.origin));
        let table: Table = serde_json::from_value(table.value.clone()).map_err(|error| wrong(&error.to_string()))?;
        if !(1..=16).contains(&table.at_once) || !(1..=1_000).contains(&table.per_hour) {
            return Err(wrong("`at_once` is 1 to 16, and `per_hour` 1 to 1000"));
        }
        let within = table.within.map_or(120_000, |within| within.millis());
        if !(1_000..=3_600_000).contains(&within) {
            return Err(wrong("`within` is 1s to 1h"));
        }
        if let Some(env) = &table.env {
            configuration.environment(Some(env))?;
        }
        let Table { runbooks, env, at_once, per_hour, .. } = table;
        Ok(Some(Self { runbooks, env, at_once, per_hour, within: Duration::from_millis(within) }))
    }

    /// Whether a runbook is among those.
    pub(super) fn allows(&self, runbook: &str) -> bool {
        self.runbooks.iter().any(|name| name == "*" || name == runbook)
    }
}
