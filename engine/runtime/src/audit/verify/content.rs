//! Whether the directory of a run holds what its journal says, and nothing else.

use std::collections::BTreeMap;

use git2::{ObjectType, Oid, Repository};
use runbook_model::digest::Digest;
use runbook_model::id::RunId;

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
        let path = place::source(&source.name);
        let here = at.clone().path(format!("{base}/{path}"));
        let flaw = match there.remove(&path).map(|id| git.find_blob(id)) {
            Some(Ok(blob)) if Digest::of(blob.content()) == source.digest => continue,
            Some(Ok(_)) => Flawed::Content("its digest is not the one of the pinned source"),
            Some(Err(error)) => Flawed::Unreadable(error.message().to_owned()),
            None => Flawed::Missing,
        };
        findings.push(here.found(flaw));
    }
    findings.extend(there.into_keys().map(|path| at.clone().path(format!("{base}/{path}")).found(Flawed::Stray)));
}

/// Checks the trailers of a commit against the journal that it holds.
pub(super) fn trailers(at: &Place, text: &str, run: RunId, records: u64, digest: &Digest, findings: &mut Vec<Finding>) {
    let facts = [("Run", run.to_string()), ("Records", records.to_string()), ("Journal-Digest", digest.to_string())];
    for (name, journal) in facts {
        trailer(at, text, name, &journal, findings);
    }
}

/// Checks one trailer.
pub(super) fn trailer(at: &Place, text: &str, name: &'static str, journal: &str, findings: &mut Vec<Finding>) {
    let says = message::trailer(text, name).unwrap_or("nothing");
    if says != journal {
        let flaw = Flawed::Trailer { name, says: message::plain(says), journal: journal.to_owned() };
        findings.push(at.clone().found(flaw));
    }
}

/// The journal of a run in a commit, with the directory that holds it.
pub(super) fn journal(git: &Repository, commit: Oid, run: RunId, at: &Place) -> Result<(Oid, Vec<u8>), Finding> {
    let path = place::directory(run);
    let here = || at.clone().path(path.join("/"));
    let read = || -> Result<Option<(Oid, Option<Vec<u8>>)>, git2::Error> {
        let root = git.find_commit(commit)?.tree()?;
        let Some(directory) = tree::below(git, &root, &path)? else { return Ok(None) };
        Ok(Some((directory, tree::file(git, directory, JOURNAL)?)))
    };
    match read() {
        Ok(Some((directory, Some(journal)))) => Ok((directory, journal)),
        Ok(Some((_, None))) => Err(at.clone().path(format!("{}/{JOURNAL}", path.join("/"))).found(Flawed::Missing)),
        Ok(None) => Err(here().found(Flawed::Missing)),
        Err(error) => Err(here().unreadable(&error)),
    }
}
