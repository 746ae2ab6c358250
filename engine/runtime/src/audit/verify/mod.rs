//! Checks an audit trail, on a bare clone alone and trusting nothing in it.
//!
//! Every object is what its name says, because libgit2 hashes what it reads. So what is left to check is whether the
//! commits tell a story that only grows: each journal is a sound chain, each commit's journal continues the one before,
//! sources and outputs are those that the journal names, and `main` never lost or shortened a run. Who remembers a tip of
//! `main` (an anchor) can prove with [`Request::since`] that nothing before it was rewritten.

mod branch;
mod content;
mod finding;
mod growth;
mod main_line;
mod pretence;
mod pushed;
mod signatures;
mod state;

use std::collections::BTreeMap;
use std::path::Path;

use git2::{Oid, Repository};
use runbook_model::id::RunId;

pub use finding::{Finding, Flawed, Place};
pub use signatures::{Demanded, Signatures};

use super::archive::{MAIN, Unusable};
use super::{place, run_branch};
use crate::signing::AllowedSigners;

/// What to check.
#[derive(Debug, Clone, Default)]
pub struct Request<'a> {
    /// This run only.
    pub run: Option<RunId>,
    /// The journal in the state directory, which must extend what is sealed of `run`.
    pub journal: Option<&'a Path>,
    /// A commit that `main` must descend from, in hexadecimal digits (a prefix will do). Runs that were sealed in or before
    /// it are not checked again.
    pub since: Option<&'a str>,
    /// Where `main` was when this machine last wrote to it: it must descend from there.
    pub remembered: Option<&'a str>,
    /// Whose signatures count. Without it each must be sound, whoever made it.
    pub signers: Option<&'a AllowedSigners>,
    /// What has to be signed.
    pub demanded: Demanded,
}

/// What was checked, and what was found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Verified {
    /// The tip of `main`: keep it, and hand it to the next [`Request::since`].
    pub main_head: Option<String>,
    /// Every trail by its branch, with its tip: `main`, and those that other machines pushed.
    pub trails: BTreeMap<String, String>,
    /// How many runs were checked.
    pub runs: usize,
    /// How many records their journals hold.
    pub records: u64,
    /// How many commits were looked at.
    pub commits: usize,
    /// How much of it is signed, and by whom.
    pub signatures: Signatures,
    /// Where the trail ended that was here before this one and is gone, when there was one.
    pub follows: Option<String>,
    /// What does not fit; empty when all is well.
    pub findings: Vec<Finding>,
}

/// Checks the audit trail in `repository`: the archive itself, or a bare clone of it.
///
/// # Errors
/// [`Unusable`] when there is no repository to read. What is wrong inside is a [`Finding`].
pub fn verify(repository: &Path, request: &Request<'_>) -> Result<Verified, Unusable> {
    if !repository.exists() {
        return Err(Unusable::Missing { path: repository.to_owned() });
    }
    let damaged = |place: &str, error: &git2::Error| Unusable::Damaged {
        path: repository.to_owned(),
        place: place.to_owned(),
        why: error.message().to_owned(),
    };
    let git = Repository::open_bare(repository).map_err(|error| damaged("config", &error))?;
    git2::opts::strict_hash_verification(true);

    let mut verified = Verified::default();
    pretence::check(&git, repository, &mut verified);
    pushed::check(&git, request.run, &mut verified);
    let line = main_line::check(&git, request, &mut verified);
    let branches = branches(&git).map_err(|error| damaged("refs/heads/runs", &error))?;
    for (run, tip) in branch::to_check(&git, request, &line, &branches) {
        branch::check(&git, request, run, tip, line.merged.get(&run).map(Vec::as_slice).unwrap_or_default(), &mut verified);
    }
    if let (Some(run), Some(journal)) = (request.run, request.journal) {
        let tip = branches.iter().find(|(of, _)| *of == run).map(|(_, tip)| *tip);
        state::check(&git, run, tip, journal, &mut verified.findings);
    }
    Ok(verified)
}

/// Whether exactly one commit of a repository begins with these hexadecimal digits.
///
/// # Errors
/// [`Unusable`] when there is no repository to read.
pub fn is_known(repository: &Path, digits: &str) -> Result<bool, Unusable> {
    if !repository.exists() {
        return Err(Unusable::Missing { path: repository.to_owned() });
    }
    let git = Repository::open_bare(repository).map_err(|error| Unusable::Damaged {
        path: repository.to_owned(),
        place: "config".to_owned(),
        why: error.message().to_owned(),
    })?;
    Ok(git.find_commit_by_prefix(digits).is_ok())
}

/// The runs that have a branch in a repository, in the order of their ids.
///
/// # Errors
/// [`Unusable`] when there is no repository to read.
pub fn runs_in(repository: &Path) -> Result<Vec<RunId>, Unusable> {
    if !repository.exists() {
        return Err(Unusable::Missing { path: repository.to_owned() });
    }
    let git = Repository::open_bare(repository);
    let runs = git.and_then(|git| branches(&git)).map_err(|error| Unusable::Damaged {
        path: repository.to_owned(),
        place: "refs/heads/runs".to_owned(),
        why: error.message().to_owned(),
    })?;
    Ok(runs.into_iter().map(|(run, _)| run).collect())
}

/// The branch of every run.
fn branches(git: &Repository) -> Result<Vec<(RunId, Oid)>, git2::Error> {
    let mut branches = Vec::new();
    for reference in git.references_glob("refs/heads/runs/*")? {
        let reference = reference?;
        if let (Ok(Some(run)), Some(tip)) = (reference.name().map(place::run_of_branch), reference.target()) {
            branches.push((run, tip));
        }
    }
    branches.sort();
    Ok(branches)
}

/// Where `main` points; `None` when it does not exist.
fn main_tip(git: &Repository) -> Result<Option<Oid>, git2::Error> {
    run_branch::tip(git, MAIN)
}
