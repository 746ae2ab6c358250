//! How a run ended, for whoever asked for it.

use jiff::Timestamp;
use runbook_model::entry::{Mode, Record};
use runbook_model::id::RunId;
use runbook_model::state::RunState;
use runbook_model::status::RunStatus;
use serde::Serialize;

use crate::failure::Failure;
use crate::history::History;
use crate::output::safe;

/// The longest line, in characters.
const LONGEST: usize = 900;

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Outcome {
    pub(super) v: u32,
    /// The word of its status, with `_` for spaces.
    pub(super) kind: String,
    /// The same end has the same key, whenever it is looked at.
    pub(super) key: String,
    pub(super) run: RunId,
    pub(super) runbook: String,
    pub(super) title: String,
    pub(super) env: Option<String>,
    /// One line.
    pub(super) text: String,
    pub(super) began: Timestamp,
    pub(super) at: Timestamp,
    /// The page of the run.
    pub(super) url: String,
}

impl Outcome {
    /// Of a real run that nobody works on, which the caller has seen to, and that waits for nobody's answer; `None` of every other.
    ///
    /// # Errors
    /// Its journal cannot be read now.
    pub(super) fn of(history: &History, run: RunId, base: &str) -> Result<Option<Self>, Failure> {
        let (reading, damaged) = history.read(run)?;
        Ok(Self::told(&reading.records, damaged.is_some(), run, base))
    }

    fn told(records: &[Record], is_damaged: bool, run: RunId, base: &str) -> Option<Self> {
        let began = records.first()?.at;
        let state = RunState::fold(records).ok()??;
        if is_damaged || state.started().mode != Mode::Live {
            return None;
        }
        let text = match state.status() {
            RunStatus::Completed => "it did what it should".to_owned(),
            RunStatus::RolledBack => "everything that was owed is taken back".to_owned(),
            RunStatus::Failed { message, .. } | RunStatus::Stuck { message, .. } => message.clone(),
            RunStatus::Declined { at } => format!("declined at `{at}`"),
            RunStatus::InDoubt { at } => format!("nobody knows whether `{at}` took effect"),
            RunStatus::Interrupted => "it was broken off, and can be resumed".to_owned(),
            RunStatus::Abandoned { why } => format!("given up: {why}"),
            _ => return None,
        };
        let kind = state.status().word().replace(' ', "_");
        let started = state.started();
        Some(Self {
            v: 1,
            key: format!("{run} {kind} {}", state.last_at()),
            kind,
            run,
            runbook: started.runbook.clone(),
            title: started.title.clone(),
            env: started.env.clone(),
            text: safe::line(&text),
            began,
            at: state.last_at(),
            url: format!("{base}/runs/{run}"),
        })
    }

    /// One line that no text of a runbook can break out of.
    pub(super) fn line(&self) -> String {
        let env = self.env.as_ref().map(|env| format!(" [{env}]")).unwrap_or_default();
        let whole = safe::line(&format!("runbook {}{env} {}: {}", self.runbook, self.kind.replace('_', " "), self.text));
        whole.chars().take(LONGEST).collect()
    }
}
