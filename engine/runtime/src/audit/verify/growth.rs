//! Whether a commit of `main` only adds to the one before it.

use git2::{Commit, ObjectType, Oid, Repository, Tree};

use super::finding::{Finding, Flawed, Place};
use crate::audit::contents::JOURNAL;
use crate::audit::{reading, tree};

/// How deep below the root the directory of a run is: `runs/<year>/<month>/<day>/<run>`.
const DEPTH: usize = 5;

/// What `commit` removed, shortened or changed of `before`, apart from what concluding the run in the directory `run` does.
pub(super) fn check(
    git: &Repository,
    at: &Place,
    before: &Commit<'_>,
    commit: &Commit<'_>,
    run: &[String],
) -> Result<Vec<Finding>, git2::Error> {
    let mut walk = Walk { git, at, before: before.id(), run, findings: Vec::new() };
    walk.compare(&mut Vec::new(), Some(&before.tree()?), Some(&commit.tree()?))?;
    Ok(walk.findings)
}

/// Compares a commit of `main` with the one before; equal directories are not entered.
struct Walk<'g> {
    git: &'g Repository,
    at: &'g Place,
    before: Oid,
    /// The directory of the run that this commit concludes.
    run: &'g [String],
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
            if path == self.run && to.is_some() {
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
