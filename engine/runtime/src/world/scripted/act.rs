//! How a change goes, when its turn comes.

use std::time::Duration;

use runbook_model::answer::{Answer, ExitStatus, Exited, Response};
use runbook_model::change::{Change, FileRestore, FileWrite};
use runbook_model::excerpt::{Bytes, Excerpt};
use runbook_model::failure::Failure;

use crate::world::Performed;

/// How one attempt of a change goes.
#[derive(Debug, Clone, PartialEq)]
pub struct Act {
    pub(super) result: Performed,
    pub(super) takes: Duration,
}

impl Act {
    /// A program ends with code 0 and this standard output.
    #[must_use]
    pub fn prints(stdout: &str) -> Self {
        Self::ends(Performed::Done(Answer::Exited(exited(0, stdout, ""))))
    }

    /// A program ends with this code, which is a failure unless it is 0.
    #[must_use]
    pub fn exits(code: i32) -> Self {
        if code == 0 { Self::prints("") } else { Self::fails(Failure::Exited(exited(code, "", ""))) }
    }

    /// A program ends with this code, which is not 0, and this standard error.
    #[must_use]
    pub fn complains(code: i32, stderr: &str) -> Self {
        Self::fails(Failure::Exited(exited(code, "", stderr)))
    }

    /// A server answers with this status and body; statuses from 200 to 299 are a success.
    #[must_use]
    pub fn responds(status: u16, body: &str) -> Self {
        let response =
            Response { status, headers: std::collections::BTreeMap::new(), body: Bytes::from(body), ..Response::default() };
        if (200..300).contains(&status) {
            Self::ends(Performed::Done(Answer::Response(response)))
        } else {
            Self::fails(Failure::Response(response))
        }
    }

    /// The change fails as changes of its kind do, and has no effect.
    #[must_use]
    pub fn breaks(change: &Change) -> Self {
        let message = "the test makes it fail".to_owned();
        match change {
            Change::Run(_) => Self::complains(1, &message),
            Change::Http(_) => Self::responds(500, &message),
            Change::Write(FileWrite { path, .. }) | Change::Restore(FileRestore { path, .. }) => {
                Self::fails(Failure::File { path: path.clone(), message })
            }
        }
    }

    /// The change fails for this reason.
    #[must_use]
    pub fn fails(failure: Failure) -> Self {
        Self::ends(Performed::Failed(failure))
    }

    /// The change ends like this.
    #[must_use]
    pub fn ends(result: Performed) -> Self {
        Self { result, takes: Duration::ZERO }
    }

    /// It takes this long on the virtual clock; a shorter timeout stops it.
    #[must_use]
    pub fn takes(self, takes: Duration) -> Self {
        Self { takes, ..self }
    }
}

pub(super) fn exited(code: i32, stdout: &str, stderr: &str) -> Exited {
    Exited {
        status: ExitStatus::Code(code),
        stdout: Excerpt::of(stdout.as_bytes()),
        stderr: Excerpt::of(stderr.as_bytes()),
        millis: 0,
        left_running: Vec::new(),
        unkept: Vec::new(),
    }
}
