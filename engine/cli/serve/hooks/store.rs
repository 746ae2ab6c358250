//! The alerts that came in: a file that is appended to, and written anew when it is long, and what it comes to.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use runbook_model::digest::Digest;
use runbook_model::entry;
use serde::{Deserialize, Serialize};

use super::Texts;
use crate::failure::Failure;
use crate::serve::lines::{self, Lines};

/// So many alerts are kept, the newest; the file has at most twice as many.
const MOST: usize = 20_000;
/// An alert of which nothing was heard for this long, in seconds, does not fire any more as far as we know.
const FORGOTTEN: i64 = 7 * 24 * 60 * 60;
/// One that is told again and again is written down again after this, in seconds: it was heard of.
const HEARD: i64 = 24 * 60 * 60;
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
    /// When it came to be so, where the message says that: such messages come in any order.
    #[serde(default)]
    pub(in crate::serve) occurred: Option<Timestamp>,
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

    /// Whether this is the last word, where `known` was it so far. `again` when the same has been told before.
    fn supersedes(&self, known: &Self, again: bool) -> bool {
        match (known.began(), self.began(), known.occurred, self.occurred) {
            // A message that was late says nothing about an occurrence that began since.
            (Some(before), Some(now), ..) if before != now => now > before,
            (_, _, Some(before), Some(now)) => now >= before,
            // The beginning may come behind the end. But what is told once more behind it fires again: nobody had told Alertmanager
            // of it for a while, or an incident was opened again, and both keep the time at which it began.
            (Some(_), Some(_), ..) => known.is_firing() || !self.is_firing() || again,
            _ => true,
        }
    }
}

/// The alerts that came in.
#[derive(Debug)]
pub(in crate::serve) struct Alerts {
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    path: PathBuf,
    file: Lines,
    /// How many lines the file has.
    count: usize,
    /// How many of them are kept.
    most: usize,
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
        Ok(Self { inner: Mutex::new(Inner::read(&path, MOST).map_err(unusable)?) })
    }

    /// Stores what was not known, all of it or nothing, and gives back what was never told before. Blocks until it is on disk.
    ///
    /// # Errors
    /// It is not on disk.
    pub(in crate::serve) fn take(&self, alerts: Vec<Alert>) -> io::Result<Vec<Alert>> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut news, mut fresh, mut here): (Vec<Alert>, Vec<Alert>, BTreeSet<Digest>) = Default::default();
        for alert in alerts {
            let occurrence = alert.occurrence();
            let is_fresh = !inner.seen.contains(&occurrence);
            if here.insert(occurrence) && (is_fresh || inner.changes(&alert)) {
                fresh.extend(is_fresh.then(|| alert.clone()));
                news.push(alert);
            }
        }
        if news.is_empty() {
            return Ok(fresh);
        }
        inner.file.append(&news)?;
        inner.count += news.len();
        news.into_iter().for_each(|alert| inner.note(alert));
        if inner.count > 2 * inner.most {
            inner.forget();
        }
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
        firing.sort_by_key(|alert| std::cmp::Reverse((alert.began().unwrap_or(alert.received), alert.received)));
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
    /// What a file comes to, which is written anew with its newest lines.
    fn read(path: &Path, most: usize) -> io::Result<Self> {
        let mut kept: Vec<Alert> = lines::read(path)?;
        let kept = kept.split_off(kept.len().saturating_sub(most));
        let file = Lines::anew(path, &kept)?;
        let (seen, latest, counts) = (BTreeSet::new(), BTreeMap::new(), BTreeMap::new());
        let mut inner = Self { path: path.to_owned(), file, count: kept.len(), most, seen, latest, counts };
        kept.into_iter().for_each(|alert| inner.note(alert));
        Ok(inner)
    }

    /// Forgets what is old: a server may live for years. What is in the file is safe, whatever becomes of this.
    fn forget(&mut self) {
        match Self::read(&self.path, self.most) {
            Ok(shorter) => *self = shorter,
            Err(error) => {
                // Once more when as many have come again.
                self.count = 0;
                tracing::warn!(%error, "old alerts could not be forgotten");
            }
        }
    }

    fn note(&mut self, alert: Alert) {
        let again = !self.seen.insert(alert.occurrence());
        if alert.is_firing() && !again {
            *self.counts.entry(alert.name()).or_default() += 1;
        }
        if self.latest.get(&alert.fingerprint).is_none_or(|known| alert.supersedes(known, again)) {
            self.latest.insert(alert.fingerprint.clone(), alert);
        }
    }

    /// Whether what was told before, and is told again, is news all the same: it fires again or ended again, or we would forget it.
    fn changes(&self, alert: &Alert) -> bool {
        let Some(known) = self.latest.get(&alert.fingerprint) else { return true };
        let is_old = alert.received.as_second().saturating_sub(known.received.as_second()) >= HEARD;
        let is_other = alert.status != known.status || alert.labels != known.labels;
        alert.supersedes(known, true) && (is_other || alert.is_firing() && is_old)
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
            occurred: None,
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

    /// Alertmanager that heard nothing of an alert for a while says that it ended; and then that it fires, since when it did before.
    #[test]
    fn what_ended_can_fire_again_with_the_same_beginning() {
        let home = tempfile::tempdir().unwrap();
        let alerts = Alerts::open(home.path()).unwrap();
        let [fires, ends] = ["firing", "resolved"].map(|status| alert(status, "2026-11-21T03:00:00Z"));
        let told = |alerts: &Alerts, one: &Alert| (alerts.take(vec![one.clone()]).unwrap().len(), alerts.firing().len());
        let said: Vec<_> = [&fires, &ends, &fires, &fires, &ends].map(|one| told(&alerts, one)).into();
        assert_eq!(said, [(1, 1), (1, 0), (0, 1), (0, 1), (0, 0)], "new only once, and the last word counts");
        assert_eq!(told(&alerts, &fires), (0, 1));
        drop(alerts);
        let alerts = Alerts::open(home.path()).unwrap();
        assert_eq!((alerts.firing().len(), alerts.counted()[0].1), (1, 1), "also after a restart");
        // A beginning of which nobody had heard may come behind its end.
        let [late, end] = ["firing", "resolved"].map(|status| alert(status, "2026-11-21T04:00:00Z"));
        assert_eq!((told(&alerts, &end), told(&alerts, &late)), ((1, 0), (1, 0)));
    }

    #[test]
    fn messages_that_say_when_come_in_any_order() {
        let home = tempfile::tempdir().unwrap();
        let alerts = Alerts::open(home.path()).unwrap();
        let at = |status: &str, second: i64| {
            let occurred = Timestamp::from_second(1_795_000_000 + second).ok();
            Alert { occurred, ..alert(status, "2026-11-21T03:00:00Z") }
        };
        let told = |one: Alert| {
            alerts.take(vec![one]).unwrap();
            alerts.firing().len()
        };
        assert_eq!([at("firing", 0), at("resolved", 9), at("firing", 5), at("firing", 0)].map(told), [1, 0, 0, 0]);
        assert_eq!([at("firing", 12), at("resolved", 9), at("resolved", 20)].map(told), [1, 1, 0]);
    }

    #[test]
    fn an_alert_that_is_told_again_and_again_is_not_forgotten() {
        let home = tempfile::tempdir().unwrap();
        let alerts = Alerts::open(home.path()).unwrap();
        let ago = |seconds: i64| {
            let received = Timestamp::from_second(Timestamp::now().as_second() - seconds).unwrap();
            Alert { received, ..alert("firing", "2026-11-01T03:00:00Z") }
        };
        alerts.take(vec![ago(FORGOTTEN + 60)]).unwrap();
        assert!(alerts.firing().is_empty(), "nobody has told of it for long");
        for seconds in [HEARD + 60, HEARD, 60, 0] {
            assert_eq!(alerts.take(vec![ago(seconds)]).unwrap(), []);
        }
        assert_eq!(alerts.firing().len(), 1);
        // Not each time.
        let lines = std::fs::read_to_string(home.path().join("alerts.jsonl")).unwrap();
        assert_eq!(lines.lines().count(), 3);
        assert_eq!(Alerts::open(home.path()).unwrap().firing().len(), 1);
    }

    #[test]
    fn a_server_that_lives_for_long_forgets_the_oldest() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("alerts.jsonl");
        let alerts = Alerts { inner: Mutex::new(Inner::read(&path, 3).unwrap()) };
        let named = |name: &str| Alert { fingerprint: name.to_owned(), ..alert("firing", "2026-11-21T03:00:00Z") };
        let longest = (0..20).map(|nth| {
            alerts.take(vec![named(&nth.to_string())]).unwrap();
            std::fs::read_to_string(&path).unwrap().lines().count().max(alerts.inner.lock().unwrap().latest.len())
        });
        assert_eq!(longest.max(), Some(6));
        assert!(alerts.of("19").is_some() && alerts.of("2").is_none());
        assert_eq!(alerts.take(vec![named("19")]).unwrap(), [], "the newest are known");
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
