//! Whether `main` only ever grew, by one run that ended at a time.

use std::collections::{BTreeMap, BTreeSet};

use git2::{Commit, Oid, Repository};
use runbook_model::id::RunId;

use super::finding::{Finding, Flawed, Place};
use super::{Request, Verified, content, growth, main_tip, signatures};
use crate::audit::archive::MAIN;
use crate::audit::contents::JOURNAL;
use crate::audit::facts::Facts;
use crate::audit::reading::Reading;
use crate::audit::{lineage, message, place, tree};

/// What `main` says, as far as it was asked for.
#[derive(Debug, Default)]
pub(super) struct MainLine {
    /// Its tip; several where several machines push to one repository.
    pub tips: Vec<Oid>,
    /// The commits of each run that were merged last.
    pub merged: BTreeMap<RunId, Vec<Oid>>,
    /// The runs that the walk of one line has met already: the newest merge of each counts.
    met: BTreeSet<RunId>,
}

/// Checks `main`.
pub(super) fn check(git: &Repository, request: &Request<'_>, verified: &mut Verified) -> MainLine {
    let mut line = MainLine::default();
    let mains = match mains(git) {
        Ok(mains) => mains,
        Err(error) => {
            verified.findings.push(Place::default().path(MAIN).unreadable(&error));
            return line;
        }
    };
    if mains.is_empty() {
        verified.findings.push(Place::default().path(MAIN).found(Flawed::Missing));
    }
    let tips: Vec<_> = mains.iter().map(|(_, tip)| *tip).collect();
    let newest = tips.first().map_or_else(Place::default, Place::commit);
    if let Some(hash) = request.since.filter(|hash| tips.iter().all(|tip| ancestor(git, hash, *tip).is_none())) {
        verified.findings.push(newest.clone().found(Flawed::NotAnAncestor(message::plain(hash))));
    }
    if let Some(hash) = request.remembered.filter(|hash| tips.iter().all(|tip| ancestor(git, hash, *tip).is_none())) {
        verified.findings.push(newest.found(Flawed::Forgotten(message::plain(hash))));
    }
    verified.main_head = tips.first().map(ToString::to_string);
    verified.trails = mains.iter().map(|(name, tip)| (name.clone(), tip.to_string())).collect();
    for tip in &tips {
        walk(git, request, *tip, &mut line, verified);
    }
    line.tips = tips;
    line
}

/// `main`, and in a repository that several machines push to, the `main` of each of them.
fn mains(git: &Repository) -> Result<Vec<(String, Oid)>, git2::Error> {
    let mut mains: Vec<_> = main_tip(git)?.into_iter().map(|tip| (MAIN.to_owned(), tip)).collect();
    for reference in git.references_glob("refs/heads/trails/*")? {
        let reference = reference?;
        if let (Ok(name), Some(tip)) = (reference.name(), reference.target()) {
            mains.push((name.to_owned(), tip));
        }
    }
    Ok(mains)
}

/// Walks one of them from its tip along first parents, to where somebody's memory begins.
fn walk(git: &Repository, request: &Request<'_>, tip: Oid, line: &mut MainLine, verified: &mut Verified) {
    line.met.clear();
    let since = request.since.and_then(|hash| ancestor(git, hash, tip));
    let mut next = Some(tip);
    while let Some(id) = next.filter(|id| Some(*id) != since) {
        verified.commits += 1;
        let commit = match git.find_commit(id) {
            Ok(commit) => commit,
            Err(error) => {
                verified.findings.push(Place::commit(id).unreadable(&error));
                break;
            }
        };
        next = commit.parent_ids().next();
        if next.is_none() {
            // The founding commit: everything in it was there from the beginning.
            let text = String::from_utf8_lossy(commit.message_raw_bytes()).into_owned();
            verified.follows = message::trailer(&text, "Follows").map(message::plain);
            break;
        }
        if let Err(error) = step(git, request, &commit, line, verified) {
            verified.findings.push(Place::commit(id).unreadable(&error));
        }
    }
}

/// The commit that `hash` names, when it is `tip` or one of its ancestors.
fn ancestor(git: &Repository, hash: &str, tip: Oid) -> Option<Oid> {
    let commit = git.find_commit_by_prefix(hash).ok()?.id();
    lineage::descends(git, tip, commit).ok()?.then_some(commit)
}

/// Checks one commit against the one before it.
fn step(
    git: &Repository,
    request: &Request<'_>,
    commit: &Commit<'_>,
    line: &mut MainLine,
    verified: &mut Verified,
) -> Result<(), git2::Error> {
    let text = String::from_utf8_lossy(commit.message_raw_bytes()).into_owned();
    let at = Place::commit(commit.id());
    let before = commit.parent(0)?;
    let run: Option<RunId> = message::trailer(&text, "Run").and_then(|run| run.parse().ok());
    let wanted = request.run.is_none() || request.run == run;
    let (Some(run), Ok(merged)) = (run, commit.parent_id(1)) else {
        verified.findings.push(at.found(Flawed::NotAMerge("it has no trailer `Run`, or no second parent")));
        return Ok(());
    };
    let changes = growth::check(git, &at, &before, commit, &place::directory(run))?;
    // With one run asked for, losses of others are not its business; its own are found at whatever commit they happened.
    let own = place::directory(request.run.unwrap_or(run)).join("/");
    let concerns =
        |finding: &Finding| finding.place.path.as_ref().is_some_and(|path| path.starts_with(&own) || own.starts_with(path));
    verified.findings.extend(changes.into_iter().filter(|finding| request.run.is_none() || concerns(finding)));
    if !wanted {
        return Ok(());
    }

    if line.met.insert(run) {
        line.merged.entry(run).or_default().push(merged);
    }
    let at = at.run(run);
    let held = match content::held(git, commit.id(), run, &at) {
        Ok(held) => held,
        Err(finding) => {
            verified.findings.push(*finding);
            return Ok(());
        }
    };
    let merged_directory = tree::below(git, &git.find_commit(merged)?.tree()?, &place::directory(run))?;
    if merged_directory != Some(held.directory) {
        let here = at.clone().path(place::directory(run).join("/"));
        verified.findings.push(here.found(Flawed::NotMerged(merged.to_string())));
    }
    let file = format!("{}/{JOURNAL}", place::directory(run).join("/"));
    match Reading::of(&held.journal, Some(run)) {
        Ok(reading) => {
            let facts = Facts::of(&reading);
            content::trailers(&at, &text, &facts, facts.ended.as_ref(), &mut verified.findings);
            signatures::commit(git, commit.id(), &at, facts.env.as_deref(), request, verified);
            if facts.ended.is_none() {
                verified.findings.push(at.found(Flawed::NotAMerge("its journal does not end with `session_ended`")));
            }
        }
        Err(unsound) => verified.findings.push(at.path(file).unsound(unsound)),
    }
    Ok(())
}
