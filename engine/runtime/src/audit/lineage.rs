//! Whether one commit grew out of another.

use std::collections::HashSet;

use git2::{Oid, Repository};

/// Whether one commit is another, or has it among its ancestors.
///
/// The commits themselves are asked, each of which is what its name says. git keeps a shortcut beside them
/// (`objects/info/commit-graph`, which also goes along into a clone of a directory), and libgit2 takes it at its word: whoever
/// writes there what he likes makes any commit the ancestor of any other.
pub(crate) fn descends(git: &Repository, commit: Oid, from: Oid) -> Result<bool, git2::Error> {
    // Nearly always it is on the line of first parents, and near: what every run looks at stays as fast as before.
    let (mut aside, mut seen) = (Vec::new(), HashSet::new());
    let mut next = Some(commit);
    while let Some(id) = next {
        if id == from {
            return Ok(true);
        }
        next = None;
        if seen.insert(id) {
            let mut parents = git.find_commit(id)?.parent_ids().collect::<Vec<_>>().into_iter();
            next = parents.next();
            aside.extend(parents);
        }
        next = next.or_else(|| aside.pop());
    }
    Ok(false)
}
