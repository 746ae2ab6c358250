//! What a journal says about its run, as the archive tells it to people: derived, so that it cannot disagree.

use std::collections::BTreeSet;

use jiff::Timestamp;
use runbook_model::chain::Head;
use runbook_model::entry::{Entry, Mode, Source};
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
    /// Gathers the facts.
    pub(super) fn of(reading: &Reading) -> Self {
        let first = &reading.records[0];
        let mut facts = Self {
            run: reading.run(),
            runbook: reading.started.runbook.clone(),
            title: reading.started.title.clone(),
            env: reading.started.env.clone(),
            mode: reading.started.mode,
            operator: Person { name: String::new(), host: String::new(), from: From::CommandLine },
            epoch: first.epoch,
            head: reading.head(),
            started: first.at,
            sources: sources_at(reading, reading.records.len()).to_vec(),
            steps: 0,
            millis: 0,
            ended: None,
        };
        let mut steps: BTreeSet<&StepPath> = BTreeSet::new();
        let (mut since, mut latest) = (first.at, first.at);
        for record in &reading.records {
            facts.epoch = record.epoch;
            facts.ended = None;
            match &record.entry {
                Entry::SessionStarted(session) => {
                    facts.operator = session.operator.clone();
                    facts.millis += millis(since, latest);
                    // The pause before a resume is nobody's work.
                    since = if record.seq.0 <= 1 { since } else { record.at };
                }
                Entry::SessionEnded { status } => facts.ended = Some(status.clone()),
                Entry::StepEnded(end) => {
                    steps.insert(&end.path);
                }
                _ => {}
            }
            latest = record.at;
        }
        facts.millis += millis(since, latest);
        facts.steps = steps.len();
        facts
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
