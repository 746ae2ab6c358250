//! Runbooks that alerts lead to, and that nobody has tried for long: what worked in spring need not work tonight.

use std::collections::BTreeMap;

use super::finding::{Finding, Kind};
use super::judge::Wanted;
use super::reading::Reading;
use crate::link::Target;
use crate::mapping::{Known, may_answer};
use crate::rules::{File, Rule};

/// When a runbook was last rehearsed, or run, to a good end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tried {
    /// Lately enough.
    Lately,
    /// Longer ago than is wanted.
    Before {
        /// How long ago, in words: `45d03h`.
        ago: String,
    },
    /// Never, as far as is known.
    Never,
}

/// The runbooks that links of alerts lead to and that were not tried within `within` (in words: `30d`). `tried` knows when each was;
/// `file_of` names its file.
#[must_use]
pub fn rehearsals(
    files: &[File],
    runbooks: &[Known],
    wanted: &Wanted,
    within: &str,
    tried: &dyn Fn(&str) -> Tried,
    file_of: &dyn Fn(&str) -> String,
) -> Vec<Finding> {
    let mut led: BTreeMap<&str, usize> = BTreeMap::new();
    for rule in files.iter().flat_map(|file| &file.rules).filter(|rule| !rule.allowed.contains(Kind::StaleRehearsal.name())) {
        if let Some(known) = led_to(rule, runbooks, wanted) {
            *led.entry(&known.name).or_default() += 1;
        }
    }
    let stale = led.into_iter().filter_map(|(name, alerts)| {
        let ago = match tried(name) {
            Tried::Lately => return None,
            Tried::Before { ago } => format!("the last time was {ago} ago"),
            Tried::Never => "there is no rehearsal of it here".to_owned(),
        };
        let lead = if alerts == 1 { "1 alert leads".to_owned() } else { format!("{alerts} alerts lead") };
        Some(Finding {
            kind: Kind::StaleRehearsal,
            severity: Kind::StaleRehearsal.severity(),
            file: file_of(name),
            line: 1,
            column: 1,
            alert: String::new(),
            // Nothing that changes from day to day: a baseline knows a finding by this sentence.
            message: format!("alerts lead to `{name}`, and it was not rehearsed within {within}"),
            help: Some(format!("{lead} to it, and {ago}: `runbook exec {name} --dry-run`")),
        })
    });
    stale.collect()
}

/// The runbook that the link of a rule leads to.
fn led_to<'a>(rule: &Rule, runbooks: &'a [Known], wanted: &Wanted) -> Option<&'a Known> {
    let reading = Reading::of(&rule.annotations.get(&wanted.annotation)?.text).ok()?;
    let link = reading.link()?.ok()?;
    match reading.target(&link, wanted.base.as_deref())? {
        Target::Open { runbook, .. } => runbooks.iter().find(|known| known.name == runbook),
        Target::Alert { name, .. } => runbooks.iter().find(|known| may_answer(&known.declaration, &name, &rule.fixed)),
        Target::Occurrence { .. } => runbooks.iter().find(|known| may_answer(&known.declaration, &rule.alert, &rule.fixed)),
        Target::Elsewhere => None,
    }
}
