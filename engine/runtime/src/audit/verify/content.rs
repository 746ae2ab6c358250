//! Whether the directory of a run holds what its journal says, and nothing else.

use std::collections::BTreeMap;
use std::path::Path;

use git2::{ErrorClass, ErrorCode, ObjectType, Oid, Repository};
use runbook_model::chain::Head;
use runbook_model::digest::Digest;
use runbook_model::entry::Source;
use runbook_model::id::RunId;
use runbook_model::status::RunStatus;

use super::finding::{Finding, Flawed, Place};
use crate::audit::contents::{self, JOURNAL, SUMMARY};
use crate::audit::facts::Facts;
use crate::audit::reading::Reading;
use crate::audit::{message, place, tree};

/// Every file below a tree, by path.
fn files(git: &Repository, directory: Oid, prefix: &str, into: &mut BTreeMap<String, Oid>) -> Result<(), git2::Error> {
    for entry in &git.find_tree(directory)? {
        let path = format!("{prefix}{}", String::from_utf8_lossy(entry.name_bytes()));
        match entry.kind() {
            Some(ObjectType::Tree) => files(git, entry.id(), &format!("{path}/"), into)?,
            _ => {
                into.insert(path, entry.id());
            }
        }
    }
    Ok(())
}

/// Checks the directory of a run in one commit against its journal, which was read already.
pub(super) fn check(git: &Repository, at: &Place, directory: Oid, reading: &Reading, findings: &mut Vec<Finding>) {
    let mut there = BTreeMap::new();
    if let Err(error) = files(git, directory, "", &mut there) {
        findings.push(at.clone().unreadable(&error));
        return;
    }
    let facts = Facts::of(reading);
    let base = place::directory(reading.run()).join("/");
    there.remove(JOURNAL);

    let mut expected = contents::outputs(reading);
    expected.insert(SUMMARY.to_owned(), contents::summary(&facts));
    for (path, bytes) in expected {
        let here = at.clone().path(format!("{base}/{path}"));
        let flaw = match there.remove(&path).map(|id| git.find_blob(id)) {
            Some(Ok(blob)) if blob.content() == bytes => continue,
            Some(Ok(_)) if path == SUMMARY => Flawed::Content("it tells something else than the records"),
            Some(Ok(_)) => Flawed::Content("the step recorded another output"),
            Some(Err(error)) => Flawed::Unreadable(error.message().to_owned()),
            None => Flawed::Missing,
        };
        findings.push(here.found(flaw));
    }
    for source in &facts.sources {
        there.remove(&place::source(&source.name));
    }
    sources(git, at, directory, reading.run(), &facts.sources, findings);
    findings.extend(there.into_keys().map(|path| at.clone().path(format!("{base}/{path}")).found(Flawed::Stray)));
}

/// Checks the pinned sources in the directory of a run.
pub(super) fn sources(git: &Repository, at: &Place, directory: Oid, run: RunId, pinned: &[Source], findings: &mut Vec<Finding>) {
    let base = place::directory(run).join("/");
    for source in pinned {
        let path = place::source(&source.name);
        let blob =
            git.find_tree(directory).and_then(|tree| tree.get_path(Path::new(&path))).and_then(|entry| git.find_blob(entry.id()));
        let flaw = match blob {
            Ok(blob) if Digest::of(blob.content()) == source.digest => continue,
            Ok(_) => Flawed::Content("its digest is not the one of the pinned source"),
            Err(error) if error.code() == ErrorCode::NotFound && error.class() == ErrorClass::Tree => Flawed::Missing,
            Err(error) => Flawed::Unreadable(error.message().to_owned()),
        };
        findings.push(at.clone().path(format!("{base}/{path}")).found(flaw));
    }
}

/// Checks all trailers of a commit against the journal that it holds.
pub(super) fn trailers(at: &Place, text: &str, facts: &Facts, outcome: Option<&RunStatus>, findings: &mut Vec<Finding>) {
    for (name, journal) in message::trailers(facts, outcome) {
        trailer(at, text, name, &journal, findings);
    }
}

/// Checks the trailers of a commit that bind it to the journal: all that can be told without its records.
pub(super) fn bindings(at: &Place, text: &str, run: RunId, head: Head, findings: &mut Vec<Finding>) {
    trailer(at, text, "Run", &run.to_string(), findings);
    trailer(at, text, "Records", &head.next.to_string(), findings);
    trailer(at, text, "Journal-Digest", &head.digest.to_string(), findings);
}

fn trailer(at: &Place, text: &str, name: &'static str, journal: &str, findings: &mut Vec<Finding>) {
    let says = message::trailer(text, name).unwrap_or("nothing");
    if says != journal {
        let flaw = Flawed::Trailer { name, says: message::plain(says), journal: journal.to_owned() };
        findings.push(at.clone().found(flaw));
    }
}

/// What a commit holds of a run.
pub(super) struct Held {
    /// The run's directory.
    pub directory: Oid,
    /// The journal in it.
    pub journal: Vec<u8>,
}

/// Reads what a commit holds of a run.
pub(super) fn held(git: &Repository, commit: Oid, run: RunId, at: &Place) -> Result<Held, Box<Finding>> {
    let path = place::directory(run);
    let here = at.clone().path(path.join("/"));
    let unreadable = |error: git2::Error| Box::new(here.clone().unreadable(&error));
    let root = git.find_commit(commit).and_then(|commit| commit.tree()).map_err(unreadable)?;
    let directory = tree::below(git, &root, &path).map_err(unreadable)?;
    let directory = directory.ok_or_else(|| Box::new(here.clone().found(Flawed::Missing)))?;
    let journal = tree::file(git, directory, JOURNAL).map_err(unreadable)?;
    let journal =
        journal.ok_or_else(|| Box::new(at.clone().path(format!("{}/{JOURNAL}", path.join("/"))).found(Flawed::Missing)))?;
    Ok(Held { directory, journal })
}
