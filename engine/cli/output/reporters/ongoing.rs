//! What is going on at the moment, for live lines and heartbeats.

use std::collections::BTreeMap;

use jiff::Timestamp;
use runbook_model::length::Length;
use runbook_model::path::StepPath;
use runbook_runtime::report::Progress;

use crate::output::reporters::Clock;
use crate::output::safe;

/// So many bytes of a step's latest output are kept to find its last line in.
const LATEST: usize = 1024;

/// What the latest progress said about steps, and how much time passed since the latest fact.
pub(super) struct Ongoing {
    clock: Clock,
    latest_fact: (Timestamp, u64),
    said: BTreeMap<StepPath, Said>,
}

#[derive(Default)]
struct Said {
    output: Vec<u8>,
    looking: Option<String>,
}

/// A promise of time that is running.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Promise {
    pub(super) since: Timestamp,
    pub(super) budget: Length,
}

impl Ongoing {
    pub(super) fn new(clock: Clock) -> Self {
        let now = clock();
        // Before the first fact (waiting for a lock, say) there is no label to count from: the wall clock has to do.
        Self { clock, latest_fact: (Timestamp::now(), now), said: BTreeMap::new() }
    }

    pub(super) fn millis(&self) -> u64 {
        (self.clock)()
    }

    /// A fact arrived: its label is the only wall clock that there is.
    pub(super) fn fact(&mut self, at: Timestamp) {
        self.latest_fact = (at, self.millis());
    }

    pub(super) fn forget(&mut self, path: &StepPath) {
        self.said.remove(path);
    }

    pub(super) fn note(&mut self, progress: &Progress) {
        match progress {
            Progress::Output { path, bytes, .. } => {
                let said = self.said.entry(path.clone()).or_default();
                said.output.extend_from_slice(&bytes[bytes.len().saturating_sub(LATEST)..]);
                let excess = said.output.len().saturating_sub(LATEST);
                said.output.drain(..excess);
            }
            Progress::Looking { path, looks, saw } => {
                self.said.entry(path.clone()).or_default().looking = Some(format!("look {looks}: {saw}"));
            }
            Progress::Notice { .. } | Progress::Script { .. } | Progress::Quiet | Progress::Heard | Progress::Tick => {}
        }
    }

    /// The latest word of a step, safe to show.
    pub(super) fn latest(&self, path: &StepPath) -> Option<String> {
        let said = self.said.get(path)?;
        said.looking.as_deref().map(safe::line).or_else(|| safe::last_line(&said.output))
    }

    /// The time as the journal would label it now.
    pub(super) fn now(&self) -> Timestamp {
        let (at, millis) = self.latest_fact;
        let passed = i64::try_from(self.millis().saturating_sub(millis)).unwrap_or(i64::MAX);
        Timestamp::from_millisecond(at.as_millisecond().saturating_add(passed)).unwrap_or(at)
    }

    /// Milliseconds from a label to now; 0 when the clock went back in between.
    pub(super) fn since(&self, at: Timestamp) -> u64 {
        between(at, self.now())
    }
}

/// Milliseconds between two labels; 0 when the clock went back in between.
pub(super) fn between(from: Timestamp, to: Timestamp) -> u64 {
    u64::try_from(to.as_millisecond().saturating_sub(from.as_millisecond())).unwrap_or(0)
}
