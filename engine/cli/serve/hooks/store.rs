//! The alerts that came in: a file that only grows while the server runs, and what it comes to.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use runbook_model::digest::Digest;
use runbook_model::entry;
use serde::{Deserialize, Serialize};

use super::Texts;
use crate::failure::Failure;
use crate::serve::lines::{self, Lines};

/// So many alerts are kept over a restart, the newest.
const MOST: usize = 20_000;
/// An alert of which nothing was heard for this long, in seconds, does not fire any more as far as we know.
const FORGOTTEN: i64 = 7 * 24 * 60 * 60;
/// The longest name that is written into a journal, in characters.
const LONGEST: usize = 200;

/// One occurrence of an alert, as it was told last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::serve) struct Alert {
    pub(in crate::serve) source: String,
    pub(in crate::serve) fingerprint: String,
    pub(in crate::serve) status: String,
    pub(in crate::serve) labels: Texts,
    pub(in crate::serve) annotations: Texts,
    pub(in crate::serve) starts_at: String,
    pub(in crate::serve) group: String,
    pub(in crate::serve) received: Timestamp,
    /// How many of its group were left out of the message in which it came.
    #[serde(default)]
    pub(in crate::serve) truncated: u64,
}

impl Alert {
    pub(in crate::serve) fn name(&self) -> String {
        self.labels.get("alertname").cloned().unwrap_or_else(|| "an alert without a name".to_owned())
    }

    pub(in crate::serve) fn is_firing(&self) -> bool {
        self.status == "firing"
    }

    pub(in crate::serve) fn began(&self) -> Option<Timestamp> {
        self.starts_at.parse().ok()
    }

    /// What a run that answers it writes down.
    pub(in crate::serve) fn named(&self) -> entry::Alert {
        // A name is anybody's text, and a journal keeps it for ever.
        let short = |text: &str| text.chars().take(LONGEST).collect();
        let (source, since) = (self.source.clone(), self.began());
        entry::Alert { source, name: short(&self.name()), fingerprint: short(&self.fingerprint), since }
    }

    fn occurrence(&self) -> Digest {
        Digest::of_json(&(&self.group, &self.fingerprint, &self.starts_at, &self.status))
    }
}

/// The alerts that came in.
#[derive(Debug)]
pub(in crate::serve) struct Alerts {
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    file: Lines,
    seen: BTreeSet<Digest>,
    latest: BTreeMap<String, Alert>,
    /// How often each alert came that had to be counted, by name.
    counts: BTreeMap<String, u64>,
}

impl Alerts {
    /// Reads what is kept in `home`. A line that broke off was never acknowledged, and comes again.
    ///
    /// # Errors
    /// The file cannot be used.
    pub(in crate::serve) fn open(home: &Path) -> Result<Self, Failure> {
        let path = home.join("alerts.jsonl");
        let unusable = |error: io::Error| Failure::usage(format!("`{}` cannot be used: {error}", path.display()));
        let mut kept: Vec<Alert> = lines::read(&path).map_err(unusable)?;
        let kept = kept.split_off(kept.len().saturating_sub(MOST));
        let file = Lines::anew(&path, &kept).map_err(unusable)?;
        let mut inner = Inner { file, seen: BTreeSet::new(), latest: BTreeMap::new(), counts: BTreeMap::new() };
        kept.into_iter().for_each(|alert| inner.note(alert));
        Ok(Self { inner: Mutex::new(inner) })
    }

    /// Stores what was not known, all of it or nothing, and gives it back. Blocks until it is on disk.
    ///
    /// # Errors
    /// It is not on disk.
    pub(in crate::serve) fn take(&self, alerts: Vec<Alert>) -> io::Result<Vec<Alert>> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let mut fresh: Vec<Alert> = Vec::new();
        for alert in alerts {
            let occurrence = alert.occurrence();
            if !inner.seen.contains(&occurrence) && !fresh.iter().any(|other| other.occurrence() == occurrence) {
                fresh.push(alert);
            }
        }
        if fresh.is_empty() {
            return Ok(fresh);
        }
        inner.file.append(&fresh)?;
        fresh.iter().for_each(|alert| inner.note(alert.clone()));
        Ok(fresh)
    }

    /// An alert by its fingerprint, as it was told last.
    pub(in crate::serve) fn of(&self, fingerprint: &str) -> Option<Alert> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).latest.get(fingerprint).cloned()
    }

    /// What fires, the newest first.
    pub(in crate::serve) fn firing(&self) -> Vec<Alert> {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Timestamp::now().as_second();
        let fires = |alert: &&Alert| alert.is_firing() && now.saturating_sub(alert.received.as_second()) < FORGOTTEN;
        let mut firing: Vec<_> = inner.latest.values().filter(fires).cloned().collect();
        firing.sort_by_key(|alert| std::cmp::Reverse(alert.received));
        firing
    }

    /// The alerts of the same name and group as this one that fire, in the order of their labels.
    pub(in crate::serve) fn group(&self, alert: &Alert) -> Vec<Alert> {
        let mut group = self.firing();
        group.retain(|other| other.group == alert.group && other.source == alert.source && other.name() == alert.name());
        group.sort_by(|one, other| one.labels.cmp(&other.labels));
        group
    }

    /// How often each alert began to fire, by name, with one of them.
    pub(in crate::serve) fn counted(&self) -> Vec<(String, u64, Alert)> {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let one = |name: &String| inner.latest.values().rev().find(|alert| alert.name() == *name).cloned();
        let mut counted: Vec<_> =
            inner.counts.iter().filter_map(|(name, count)| Some((name.clone(), *count, one(name)?))).collect();
        counted.sort_by_key(|(name, count, _)| (std::cmp::Reverse(*count), name.clone()));
        counted
    }
}

impl Inner {
    fn note(&mut self, alert: Alert) {
        if !self.seen.insert(alert.occurrence()) {
            return;
        }
        if alert.is_firing() {
            *self.counts.entry(alert.name()).or_default() += 1;
        }
        // A message that was late says nothing about an occurrence that began since.
        let newer = self.latest.get(&alert.fingerprint).is_none_or(|known| match (known.began(), alert.began()) {
            (Some(known_at), Some(at)) => at > known_at || at == known_at && known.is_firing(),
            _ => true,
        });
        if newer {
            self.latest.insert(alert.fingerprint.clone(), alert);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs::OpenOptions;
    use std::io::Write as _;

    use super::*;

    fn alert(status: &str, starts_at: &str) -> Alert {
        let labels: Texts = [("alertname".to_owned(), "X".to_owned())].into();
        let (source, fingerprint) = ("alertmanager".to_owned(), super::super::fingerprint::of(&labels));
        let (group, received) = (String::new(), Timestamp::now());
        Alert {
            source,
            fingerprint,
            status: status.to_owned(),
            labels,
            annotations: Texts::new(),
            starts_at: starts_at.to_owned(),
            group,
            received,
            truncated: 0,
        }
    }

    #[test]
    fn an_occurrence_counts_once_and_survives_a_restart() {
        let home = tempfile::tempdir().unwrap();
        let alerts = Alerts::open(home.path()).unwrap();
        let first = alert("firing", "2026-11-21T03:00:00Z");
        assert_eq!(alerts.take(vec![first.clone(), first.clone()]).unwrap().len(), 1);
        assert_eq!(alerts.take(vec![first.clone()]).unwrap(), []);
        drop(alerts);
        // As after a crash in the middle of a line.
        let mut file = OpenOptions::new().append(true).open(home.path().join("alerts.jsonl")).unwrap();
        file.write_all(b"{\"source\":\"aler").unwrap();
        let alerts = Alerts::open(home.path()).unwrap();
        assert_eq!((alerts.take(vec![first.clone()]).unwrap(), alerts.firing().len()), (Vec::new(), 1));
        assert_eq!(alerts.take(vec![alert("resolved", "2026-11-21T03:00:00Z")]).unwrap().len(), 1);
        assert!(alerts.firing().is_empty() && !alerts.of(&first.fingerprint).unwrap().is_firing());
        let again = Alerts::open(home.path()).unwrap();
        assert!(again.firing().is_empty());
        assert_eq!(again.counted()[0].1, 1);
    }

    #[test]
    fn a_late_end_does_not_end_what_began_since() {
        let home = tempfile::tempdir().unwrap();
        let alerts = Alerts::open(home.path()).unwrap();
        alerts.take(vec![alert("firing", "2026-11-21T03:00:00Z"), alert("firing", "2026-11-21T04:00:00Z")]).unwrap();
        alerts.take(vec![alert("resolved", "2026-11-21T03:00:00Z")]).unwrap();
        assert_eq!(alerts.firing().len(), 1);
    }
}
