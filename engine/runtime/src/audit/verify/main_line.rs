//! Whether `main` only ever grew, by one run that ended at a time.

use std::collections::BTreeMap;

use git2::{Commit, ObjectType, Oid, Repository, Tree};
use runbook_model::id::RunId;

use super::finding::{Finding, Flawed, Place};
use super::{Request, Verified, content, main_tip};
use crate::audit::contents::JOURNAL;
use crate::audit::facts::Facts;
use crate::audit::reading::{self, Reading};
use crate::audit::{message, place, tree};

/// What `main` says, as far as it was asked for.
#[derive(Debug, Default)]
pub(super) struct MainLine {
    /// Its tip.
    pub tip: Option<Oid>,
    /// The commit of each run that was merged last.
    pub merged: BTreeMap<RunId, Oid>,
}

/// How deep below the root the directory of a run is: `runs/<year>/<month>/<day>/<run>`.
const DEPTH: usize = 5;

/// Walks `main` from its tip along first parents.
pub(super) fn check(git: &Repository, request: &Request<'_>, verified: &mut Verified) -> MainLine {
    let mut line = MainLine::default();
    let on_main = || Place::default().path("refs/heads/main");
    let tip = match main_tip(git) {
        Ok(Some(tip)) => tip,
        Ok(None) => {
            verified.findings.push(on_main().found(Flawed::Missing));
            return line;
        }
        Err(error) => {
            verified.findings.push(on_main().unreadable(&error));
            return line;
        }
    };
    line.tip = Some(tip);
    verified.main_head = Some(tip.to_string());
    let since = match request.since.map(|hash| (hash, ancestor(git, hash, tip))) {
        None => None,
        Some((_, Some(commit))) => Some(commit),
        Some((hash, None)) => {
            verified.findings.push(Place::commit(tip).found(Flawed::NotAnAncestor(message::plain(hash))));
            None
        }
    };
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
            break;
        }
        if let Err(error) = step(git, request, &commit, &mut line, verified) {
            verified.findings.push(Place::commit(id).unreadable(&error));
        }
    }
    line
}

/// The commit that `hash` names, when it is `tip` or one of its ancestors.
fn ancestor(git: &Repository, hash: &str, tip: Oid) -> Option<Oid> {
    let commit = git.find_commit_by_prefix(hash).ok()?.id();
    (commit == tip || git.graph_descendant_of(tip, commit).ok()?).then_some(commit)
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
    let mut walk = Walk { git, at: at.clone(), before: before.id(), run: place::directory(run), findings: Vec::new() };
    walk.compare(&mut Vec::new(), Some(&before.tree()?), Some(&commit.tree()?))?;
    // With one run asked for, losses of others are not its business; its own are found at whatever commit they happened.
    let own = place::directory(request.run.unwrap_or(run)).join("/");
    let concerns =
        |finding: &Finding| finding.place.path.as_ref().is_some_and(|path| path.starts_with(&own) || own.starts_with(path));
    verified.findings.extend(walk.findings.into_iter().filter(|finding| request.run.is_none() || concerns(finding)));
    if !wanted {
        return Ok(());
    }

    line.merged.entry(run).or_insert(merged);
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
            if facts.ended.is_none() {
                verified.findings.push(at.found(Flawed::NotAMerge("its journal does not end with `session_ended`")));
            }
        }
        Err(unsound) => verified.findings.push(at.path(file).unsound(unsound)),
    }
    Ok(())
}

/// Compares a commit of `main` with the one before; equal directories are not entered.
struct Walk<'g> {
    git: &'g Repository,
    at: Place,
    before: Oid,
    /// The directory of the run that this commit concludes.
    run: Vec<String>,
    findings: Vec<Finding>,
}

impl Walk<'_> {
    fn compare(&mut self, path: &mut Vec<String>, old: Option<&Tree<'_>>, new: Option<&Tree<'_>>) -> Result<(), git2::Error> {
        let mut names: Vec<Vec<u8>> = Vec::new();
        for tree in [old, new].into_iter().flatten() {
            names.extend(tree.iter().map(|entry| entry.name_bytes().to_vec()));
        }
        names.sort();
        names.dedup();
        for name in names {
            let before = old.and_then(|tree| tree.get_name_bytes(&name));
            let after = new.and_then(|tree| tree.get_name_bytes(&name));
            if before.as_ref().map(|entry| (entry.id(), entry.filemode()))
                == after.as_ref().map(|entry| (entry.id(), entry.filemode()))
            {
                continue;
            }
            path.push(String::from_utf8_lossy(&name).into_owned());
            let directory = |entry: &Option<git2::TreeEntry<'_>>| {
                entry.as_ref().filter(|entry| entry.kind() == Some(ObjectType::Tree)).map(git2::TreeEntry::id)
            };
            let (from, to) = (directory(&before), directory(&after));
            if *path == self.run && to.is_some() {
                self.grown(path, from, to)?;
            } else if after.is_none() {
                self.found(path, Flawed::Removed(self.before.to_string()));
            } else if path.len() < DEPTH && to.is_some() && (from.is_some() || self.run.starts_with(path)) {
                // Below another day than that of the run, whatever differs is a finding, named as exactly as can be.
                let (from, to) =
                    (from.map(|id| self.git.find_tree(id)).transpose()?, to.map(|id| self.git.find_tree(id)).transpose()?);
                self.compare(path, from.as_ref(), to.as_ref())?;
            } else {
                self.found(path, Flawed::Changed(self.before.to_string()));
            }
            path.pop();
        }
        Ok(())
    }

    /// The directory of the run may be new; else its journal continues the one that was there.
    fn grown(&mut self, path: &[String], from: Option<Oid>, to: Option<Oid>) -> Result<(), git2::Error> {
        let (Some(from), Some(to)) = (from, to) else { return Ok(()) };
        let (old, new) = (tree::file(self.git, from, JOURNAL)?, tree::file(self.git, to, JOURNAL)?);
        let (Some(old), Some(new)) = (old, new) else { return Ok(()) };
        if !new.starts_with(&old) {
            let flaw = match reading::first_difference(&new, &old) {
                Some(_) => Flawed::Rewritten(self.before.to_string()),
                None => Flawed::Shortened(self.before.to_string()),
            };
            self.found(path, flaw);
        }
        Ok(())
    }

    fn found(&mut self, path: &[String], flaw: Flawed) {
        let run = path.get(DEPTH - 1).and_then(|id| id.parse().ok());
        let mut place = self.at.clone().path(path.join("/"));
        place.run = run;
        self.findings.push(place.found(flaw));
    }
}
