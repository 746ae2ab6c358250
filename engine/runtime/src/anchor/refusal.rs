//! Why something is not at the anchor, or does not come from it.

use runbook_model::id::RunId;

use super::lease::Note;
use crate::audit::verify::Finding;

/// Why something is not at the anchor, or does not come from it. Nothing was moved, here or there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAnchored {
    /// The remote does not answer, or does not let us.
    #[error("the remote `{url}` cannot be reached: {why}")]
    Unreachable {
        /// The remote.
        url: String,
        /// What git says.
        why: String,
    },
    /// The remote holds something else than what we pushed there.
    #[error(
        "the remote `{url}` holds another history of `{branch}` than this machine; nothing is pushed any more, and neither side is changed\n  somebody may have rewritten it, or two machines work on copies of one state directory\n  compare: git --git-dir {repository} fetch {url} {branch}"
    )]
    Diverged {
        /// The remote.
        url: String,
        /// What differs there.
        branch: String,
        /// The archive here.
        repository: String,
    },
    /// Another machine has the run.
    #[error("run {run} belongs to {}", holder(.by))]
    Fenced {
        /// The run.
        run: RunId,
        /// Who has it, as far as that can be read.
        by: Option<Box<Note>>,
    },
    /// What the remote holds of a run cannot be trusted.
    #[error("what `{url}` holds of run {run} cannot be trusted, and was not taken over:\n{}", .findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Unsound {
        /// The remote.
        url: String,
        /// The run.
        run: RunId,
        /// What does not fit.
        findings: Vec<Finding>,
    },
    /// The remote has no such run.
    #[error("the remote `{url}` has no run {run}")]
    NoSuchRun {
        /// The remote.
        url: String,
        /// What was looked for.
        run: String,
    },
    /// The archive here cannot be read or written.
    #[error("the audit repository refused: {0}")]
    Archive(String),
}

impl From<git2::Error> for NotAnchored {
    fn from(error: git2::Error) -> Self {
        Self::Archive(error.message().to_owned())
    }
}

fn holder(note: &Option<Box<Note>>) -> String {
    match note {
        Some(note) => format!(
            "`{}` on `{}` since {}, says its lease in the remote",
            note.name.escape_debug(),
            note.host.escape_debug(),
            note.at
        ),
        None => "another machine, says the remote".to_owned(),
    }
}
