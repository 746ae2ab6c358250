//! The rail: what reporters receive.
//!
//! Two kinds of news: facts, which are journal records and never dropped, and progress, of which the latest is enough.
//! Reporters speak of nothing that the journal does not know; losing one costs only the view (invariant I9).

use runbook_model::entry::Record;
use runbook_model::path::StepPath;

use crate::script::Diagnostics;

/// Somebody who watches a run: a terminal, a JSON stream, a page.
pub trait Reporter {
    /// A record was written.
    fn fact(&mut self, record: &Record);

    /// Something moved; only the latest counts.
    fn progress(&mut self, progress: &Progress);
}

/// Something moved.
#[derive(Debug, Clone, PartialEq)]
pub enum Progress {
    /// A command printed bytes (redacted, not yet made safe to show).
    Output {
        /// The step.
        path: StepPath,
        /// Whether on standard error.
        stderr: bool,
        /// What, cut anywhere.
        bytes: Vec<u8>,
    },
    /// A check looked and will look again.
    Looking {
        /// The step.
        path: StepPath,
        /// How often it has looked.
        looks: u32,
        /// What it saw, in one line.
        saw: String,
    },
    /// Something that the operator should know and that changes nothing: the audit trail lags, a lock is waited for.
    Notice {
        /// What.
        text: String,
    },
    /// The script itself has a mistake, or a rehearsal cannot go on: the place, drawn like a compiler's error.
    Script {
        /// What is wrong.
        diagnostics: Diagnostics,
    },
    /// The terminal is needed for a question; live lines must leave the screen until the next fact.
    Quiet,
    /// The question was answered, or taken back.
    Heard,
    /// Time passed.
    Tick,
}
