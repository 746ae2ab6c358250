//! What a journal says about its run, as the archive tells it to people: derived, so that it cannot disagree.

use std::collections::HashSet;

use jiff::Timestamp;
use runbook_model::chain::Head;
use runbook_model::entry::{Entry, Mode, Record, RunStarted, Source};
use runbook_model::id::{Epoch, RunId};
use runbook_model::path::StepPath;
use runbook_model::person::{From, Person};
use runbook_model::status::RunStatus;

use super::reading::Reading;

/// What a journal says about its run.
#[derive(Debug)]
pub(super) struct Facts {
    pub run: RunId,
    pub runbook: String,
    pub title: String,
    pub env: Option<String>,
    pub mode: Mode,
    /// Who started the latest session.
    pub operator: Person,
    pub epoch: Epoch,
    pub head: Head,
    pub started: Timestamp,
    /// The sources from the latest record on.
    pub sources: Vec<Source>,
    /// How many steps ended, rollbacks among them.
    pub steps: usize,
    /// The time that processes worked on it, by the wall clock, in milliseconds.
    pub millis: u64,
    /// What the run is, when the last record says that its process let go of it.
    pub ended: Option<RunStatus>,
}

impl Facts {
    /// The facts of a journal that was read whole.
    pub(super) fn of(reading: &Reading) -> Self {
        let mut gathered = Gathered::default();
        reading.records.iter().for_each(|record| gathered.take(record));
        gathered.facts(reading.started.clone(), reading.head())
    }
}

/// Facts of a journal that is being read: one record after the other, and none is kept.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    first: Option<(RunId, Timestamp)>,
    operator: Option<Person>,
    epoch: Epoch,
    adopted: Option<Vec<Source>>,
    steps: HashSet<StepPath>,
    since: Timestamp,
    latest: Timestamp,
    millis: u64,
    ended: Option<RunStatus>,
}

impl Gathered {
    /// Takes in the next record.
    pub(super) fn take(&mut self, record: &Record) {
        if self.first.is_none() {
            self.first = Some((record.run, record.at));
            (self.since, self.latest) = (record.at, record.at);
        }
        self.epoch = record.epoch;
        self.ended = None;
        match &record.entry {
            Entry::SessionStarted(session) => {
                self.operator = Some(session.operator.clone());
                self.millis += millis(self.since, self.latest);
                // The pause before a resume is nobody's work.
                self.since = if record.seq.0 <= 1 { self.since } else { record.at };
            }
            Entry::SessionEnded { status } => self.ended = Some(status.clone()),
            Entry::StepEnded(end) if !self.steps.contains(&end.path) => {
                self.steps.insert(end.path.clone());
            }
            Entry::Adopted { sources, .. } => self.adopted = Some(sources.clone()),
            _ => {}
        }
        self.latest = record.at;
    }

    /// What came of it; `started` is the first record, `head` the end of the chain.
    pub(super) fn facts(self, started: RunStarted, head: Head) -> Facts {
        let (run, at) = self.first.unwrap_or((RunId::from_parts(0, 0), Timestamp::default()));
        let nobody = || Person { name: String::new(), host: String::new(), from: From::CommandLine };
        Facts {
            run,
            runbook: started.runbook,
            title: started.title,
            env: started.env,
            mode: started.mode,
            operator: self.operator.unwrap_or_else(nobody),
            epoch: self.epoch,
            head,
            started: at,
            sources: self.adopted.unwrap_or(started.sources),
            steps: self.steps.len(),
            millis: self.millis + millis(self.since, self.latest),
            ended: self.ended,
        }
    }
}

/// The sources that the run went by after its first `records` records: those that it started from, or adopted last.
pub(super) fn sources_at(reading: &Reading, records: usize) -> &[Source] {
    let adopted = reading.records.iter().take(records).rev().find_map(|record| match &record.entry {
        Entry::Adopted { sources, .. } => Some(sources),
        _ => None,
    });
    adopted.unwrap_or(&reading.started.sources)
}

fn millis(from: Timestamp, to: Timestamp) -> u64 {
    u64::try_from(to.as_millisecond() - from.as_millisecond()).unwrap_or(0)
}
