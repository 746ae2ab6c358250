//! Whether what was pushed of each run is still here.
//!
//! A run that has not ended stands on its branch alone: `main` says nothing about it yet, and would not miss it.

use git2::{Oid, Repository};
use runbook_model::id::RunId;

use super::Verified;
use super::finding::{Flawed, Place};
use super::main_tip;
use crate::audit::lineage::descends;
use crate::audit::place::{self, PUSHED};
use crate::audit::run_branch;

/// Finds the runs of which less is here than was pushed. A clone has none of these references, and nothing is found in it.
pub(super) fn check(git: &Repository, only: Option<RunId>, verified: &mut Verified) {
    if let Err(error) = compare(git, only, verified) {
        verified.findings.push(Place::default().path(PUSHED).unreadable(&error));
    }
}

fn compare(git: &Repository, only: Option<RunId>, verified: &mut Verified) -> Result<(), git2::Error> {
    for reference in git.references_glob(&format!("{PUSHED}runs/*"))? {
        let reference = reference?;
        let branch = reference.name().unwrap_or_default().replacen(PUSHED, "refs/heads/", 1);
        let (Some(run), Some(pushed)) = (place::run_of_branch(&branch), reference.target()) else { continue };
        if only.is_some_and(|only| only != run) {
            continue;
        }
        let holds = |tip: Option<Oid>| tip.map_or(Ok(false), |tip| descends(git, tip, pushed));
        if !holds(run_branch::tip(git, &branch)?)? && !holds(main_tip(git)?)? {
            verified.findings.push(Place::commit(pushed).run(run).found(Flawed::Lost));
        }
    }
    Ok(())
}
