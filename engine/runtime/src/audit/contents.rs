//! The files of a run's directory. They follow from the journal and the pinned sources alone, so that [`super::verify()`]
//! can make them again and compare.

use std::collections::{BTreeMap, HashMap};

use runbook_model::answer::{Answer, Exited};
use runbook_model::chain::Head;
use runbook_model::entry::{End, Entry, Record, RunStarted};
use runbook_model::excerpt::Excerpt;
use runbook_model::failure::Failure;
use runbook_model::id::{Attempt, Seq};
use runbook_model::outcome::Outcome;
use runbook_model::path::StepPath;
use serde::Serialize;

use super::facts::Facts;
use super::place;
use super::reading::Reading;

pub(super) const JOURNAL: &str = "journal.jsonl";
pub(super) const SUMMARY: &str = "run.json";

/// The outputs and statements that a journal holds: path below the run's directory, and content.
///
/// A journal keeps each stream whole up to [`runbook_model::excerpt::KEPT`] bytes; of a longer one head and tail, and a
/// line between them says what is missing. The journal has its size and digest.
pub(super) fn outputs(reading: &Reading) -> BTreeMap<String, Vec<u8>> {
    let (mut outputs, mut files) = (Outputs::default(), BTreeMap::new());
    for (index, record) in reading.records.iter().enumerate() {
        files.extend(outputs.take(record, &reading.started, reading.head_before(index)));
    }
    files
}

/// The outputs and statements of a journal that is being read: one record after the other.
#[derive(Debug, Default)]
pub(super) struct Outputs {
    /// The intents without an end so far.
    intents: HashMap<(StepPath, Attempt), Seq>,
}

impl Outputs {
    /// Takes in the next record of a run that started like this, and gives the files that follow from it; `before` is the
    /// end of the chain before it.
    pub(super) fn take(&mut self, record: &Record, started: &RunStarted, before: Head) -> Vec<(String, Vec<u8>)> {
        match &record.entry {
            // Not outputs, but derived like them: so an auditor needs `ssh-keygen -Y verify` and nothing of ours.
            Entry::Signed(signed) => {
                let text = signed.text(record.run, started, before, record.at);
                let file = place::statement(record.seq, signed.meaning.word());
                vec![(format!("{file}.sig"), signed.signature.clone().into_bytes()), (file, text.into_bytes())]
            }
            Entry::StepIntended(intent) => {
                self.intents.insert((intent.path.clone(), intent.attempt), record.seq);
                Vec::new()
            }
            Entry::StepEnded(end) => {
                let intent = self.intents.remove(&(end.path.clone(), end.attempt)).unwrap_or(record.seq);
                let Some(exited) = exited(end) else { return Vec::new() };
                let streams = [("stdout", &exited.stdout), ("stderr", &exited.stderr)].into_iter();
                let file = |(stream, excerpt)| (place::output(intent, end.path.name(), stream), abridged(excerpt));
                streams.filter(|(_, excerpt)| excerpt.size > 0).map(file).collect()
            }
            _ => Vec::new(),
        }
    }
}

/// The summary for people.
pub(super) fn summary(facts: &Facts) -> Vec<u8> {
    #[derive(Serialize)]
    struct Summary<'a> {
        run: String,
        runbook: &'a str,
        title: &'a str,
        env: Option<&'a str>,
        mode: &'a runbook_model::entry::Mode,
        operator: String,
        started: String,
        /// What the run is, once its process let go of it.
        #[serde(flatten)]
        ended: Option<&'a runbook_model::status::RunStatus>,
        steps: usize,
        records: u64,
        journal_digest: String,
    }
    let summary = Summary {
        run: facts.run.to_string(),
        runbook: &facts.runbook,
        title: &facts.title,
        env: facts.env.as_deref(),
        mode: &facts.mode,
        operator: format!("{}@{}", facts.operator.name, facts.operator.host),
        started: facts.started.to_string(),
        ended: facts.ended.as_ref(),
        steps: facts.steps,
        records: facts.head.next.0,
        journal_digest: facts.head.digest.to_string(),
    };
    let mut json = serde_json::to_vec_pretty(&summary).unwrap_or_default();
    json.push(b'\n');
    json
}

fn exited(end: &End) -> Option<&Exited> {
    match &end.outcome {
        Outcome::Succeeded(Answer::Exited(exited)) => Some(exited),
        Outcome::Failed(failure) | Outcome::Missed(failure) => match failure {
            Failure::Exited(exited) | Failure::TimedOut { exited, .. } | Failure::Stopped { exited, .. } => Some(exited),
            _ => None,
        },
        _ => None,
    }
}

fn abridged(excerpt: &Excerpt) -> Vec<u8> {
    let mut bytes = excerpt.head.0.clone();
    if let Some(tail) = &excerpt.tail {
        let missing = format!(
            "\n[runbook: {} of {} bytes are left out here; SHA-256 of the whole: {}]\n",
            excerpt.dropped(),
            excerpt.size,
            excerpt.digest
        );
        bytes.extend_from_slice(missing.as_bytes());
        bytes.extend_from_slice(&tail.0);
    }
    bytes
}
