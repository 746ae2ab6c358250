//! The world outside the engine: it goes on when the engine dies.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use runbook_model::answer::{Answer, KillReceipt};
use runbook_model::change::{Change, FileBefore, FileRestore, FileWrite};
use runbook_model::digest::Digest;
use runbook_model::excerpt::Bytes;
use runbook_model::failure::Failure;
use runbook_model::length::Length;
use runbook_model::observation::Observation;
use runbook_model::path::StepPath;
use runbook_model::step::Confirm;

use super::act::{Act, exited};
use super::pattern::Pattern;
use super::plays::Plays;
use super::sight::Sight;
use crate::operation::Look;
use crate::world::{Chosen, Performed, Reaction};

/// Everything that the script of a test says, and what came of it.
#[derive(Debug, Default)]
pub(super) struct Stage {
    pub(super) acts: Plays<Act>,
    pub(super) sights: Plays<Sight>,
    /// What checks see as a whole.
    pub(super) checks: Plays<Look>,
    /// The same once the change of a step was made.
    pub(super) checks_later: Vec<(Pattern, Pattern, Look)>,
    pub(super) reactions: Plays<Reaction>,
    pub(super) choices: Plays<Chosen>,
    pub(super) files: BTreeMap<String, File>,
    pub(super) millis: u64,
    /// What looks see once the change of a step was made.
    pub(super) later: Vec<(Pattern, Pattern, Sight)>,
    /// How many attempts of a step still fail, whatever else is said.
    pub(super) breaking: BTreeMap<StepPath, u32>,
    /// Confirms that are declined, whatever else is said.
    pub(super) declining: BTreeSet<StepPath>,
    /// Whether a plain question is answered with yes when nothing else is said.
    pub(super) agreeing: bool,
    /// Looks and questions about which nothing was said.
    pub(super) unanswered: Vec<Unanswered>,
}

/// A look or a question about which nothing was said.
#[derive(Debug, Clone, PartialEq)]
pub enum Unanswered {
    /// A look, with the name that [`what`](super::what) gives it.
    Look(String, Observation),
    /// A question to a person.
    Confirm(StepPath, Confirm),
}

/// A file of this world.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct File {
    pub(super) content: Vec<u8>,
    pub(super) mode: u32,
}

impl Stage {
    pub(super) fn pass(&mut self, time: Duration) {
        self.millis = self.millis.saturating_add(u64::try_from(time.as_millis()).unwrap_or(u64::MAX));
    }

    /// Completes a change as a live world would.
    pub(super) fn prepare(&self, change: &Change) -> Change {
        let mut change = change.clone();
        if let Change::Write(write) = &mut change {
            let ours = self.files.get(&write.path).is_some_and(|file| file.content == write.content.as_bytes());
            if ours && write.before.is_some() {
                return change; // what an earlier attempt found stays what was there before
            }
            write.before = Some(self.files.get(&write.path).map_or(FileBefore::Absent, |file| FileBefore::Present {
                digest: Digest::of(&file.content),
                mode: file.mode,
                content: Bytes(file.content.clone()),
            }));
        }
        change
    }

    /// Makes a change: as the script says, else as it usually goes.
    pub(super) fn make(&mut self, path: &StepPath, change: &Change, timeout: Option<Length>) -> Performed {
        if let Some(left) = self.breaking.get_mut(path).filter(|left| **left > 0) {
            *left -= 1;
            return Act::breaks(change).result;
        }
        let scripted = self.acts.next(|pattern| pattern.fits_step(path));
        if let Some(Act { result, takes }) = scripted {
            if let Some(after) = timeout.filter(|limit| Duration::from(*limit) < takes) {
                self.pass(after.into());
                return Performed::Failed(stopped(change, after));
            }
            self.pass(takes);
            // A program or a server does as the script says; a file really changes as well, unless that fails.
            if !matches!(result, Performed::Done(_)) || matches!(change, Change::Run(_) | Change::Http(_)) {
                return result;
            }
        }
        match change {
            Change::Run(_) => Act::exits(0).result,
            Change::Http(_) => Act::responds(200, "").result,
            Change::Write(write) => self.write(write),
            Change::Restore(restore) => self.restore(restore),
        }
    }

    fn write(&mut self, write: &FileWrite) -> Performed {
        let mode = write.mode.or(self.files.get(&write.path).map(|file| file.mode)).unwrap_or(0o644);
        self.files.insert(write.path.clone(), File { content: write.content.clone().into_bytes(), mode });
        Performed::Done(Answer::Written)
    }

    fn restore(&mut self, restore: &FileRestore) -> Performed {
        let before = match &restore.before {
            FileBefore::Absent => None,
            FileBefore::Sealed { .. } => {
                let message = "its content before is sealed, and this world has no key".to_owned();
                return Performed::Failed(Failure::File { path: restore.path.clone(), message });
            }
            FileBefore::Present { mode, content, .. } => Some(File { content: content.0.clone(), mode: *mode }),
        };
        let standing = self.files.get(&restore.path);
        let ours = standing.is_some_and(|file| Digest::of(&file.content) == restore.written);
        if !ours && standing != before.as_ref() {
            let message = "somebody changed it since this run wrote it".to_owned();
            return Performed::Failed(Failure::File { path: restore.path.clone(), message });
        }
        match before {
            Some(file) => self.files.insert(restore.path.clone(), file),
            None => self.files.remove(&restore.path),
        };
        Performed::Done(Answer::Written)
    }
}

fn stopped(change: &Change, after: Length) -> Failure {
    match change {
        Change::Http(call) => {
            let message = format!("no answer within {after}");
            Failure::NoResponse { url: call.url.clone(), message, maybe_sent: true }
        }
        _ => {
            let mut exited = exited(0, "", "");
            exited.status = runbook_model::answer::ExitStatus::Signal(15);
            exited.millis = after.millis();
            Failure::TimedOut { after, receipt: KillReceipt::default(), exited }
        }
    }
}
