//! Whether the journal in the state directory extends what is sealed.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use git2::{Oid, Repository};
use runbook_model::id::RunId;

use super::content;
use super::finding::{Finding, Flawed, Place};
use crate::audit::message;
use crate::audit::reading::{self, Flaw, Reading, Unreadable};

/// Checks the journal at `file`. Records that are not sealed yet are fine; a torn line at the end (of a process that died
/// while it wrote) is, too, when everything that is sealed stands before it.
pub(super) fn check(git: &Repository, run: RunId, tip: Option<Oid>, file: &Path, findings: &mut Vec<Finding>) {
    let at = Place::default().run(run).path(message::plain(&file.display().to_string()));
    let journal = match fs::read(file) {
        Ok(journal) => journal,
        // As good as an empty one: a process that died at once leaves none, and what is sealed tells whether this is that.
        Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
        Err(error) => {
            findings.push(at.found(Flawed::Unreadable(error.to_string())));
            return;
        }
    };
    let sealed = match tip.map(|tip| content::held(git, tip, run, &Place::commit(tip).run(run))) {
        // When the sealed journal cannot be read, the branch has a finding already.
        Some(Ok(held)) => held.journal,
        Some(Err(_)) | None => Vec::new(),
    };
    if !journal.starts_with(&sealed) {
        findings.push(match reading::first_difference(&journal, &sealed) {
            Some((record, offset)) => at.clone().record(record, offset).found(Flawed::StateEdited),
            None => at.clone().found(Flawed::StateCut { has: reading::count(&journal), sealed: reading::count(&sealed) }),
        });
    }
    if journal.is_empty() {
        return;
    }
    match Reading::of(&journal, Some(run)) {
        Ok(_) | Err(Unreadable { flaw: Flaw::Torn, .. }) => {}
        Err(unsound) => findings.push(at.unsound(unsound)),
    }
}
