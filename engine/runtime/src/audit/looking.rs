//! What the archive has of a run, for whoever looks without working here: nothing is locked, made or written, and the
//! archive may belong to somebody else.

use std::path::Path;

use git2::{Oid, Repository};
use jiff::Timestamp;
use runbook_model::id::RunId;

use super::archive::MAIN;
use super::seal::SealError;
use super::standing::extends;
use super::{Standing, place, reading, run_branch, tree};

/// What the archive has of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sight {
    /// How much of its journal.
    pub standing: Standing,
    /// The last commit of its branch, in hexadecimal digits.
    pub commit: Option<String>,
    /// When that was made, by the clock of whoever made it.
    pub at: Option<Timestamp>,
    /// Whether that commit carries a signature. Whose, and whether it is good, `git verify-commit` tells.
    pub signed: bool,
    /// Whether the run is merged into `main`.
    pub merged: bool,
    /// The tip of `main`.
    pub main: Option<String>,
}

/// Looks what the archive at `repository` has of a run, whose journal (whole lines) is `journal`.
/// `None` when there is no archive.
///
/// # Errors
/// [`SealError::Diverged`] when the journal lacks or changes what was sealed; otherwise the archive cannot be read.
pub fn look(repository: &Path, run: RunId, journal: &[u8]) -> Result<Option<Sight>, SealError> {
    if !repository.exists() {
        return Ok(None);
    }
    let git = Repository::open_bare(repository)?;
    let main = run_branch::tip(&git, MAIN)?;
    let merged = match main {
        Some(main) => is_below(&git, main, run)?,
        None => false,
    };
    let Some(tip) = run_branch::tip(&git, &place::branch(run))? else {
        return Ok(Some(Sight {
            standing: Standing::Unsealed,
            commit: None,
            at: None,
            signed: false,
            merged,
            main: main.map(|main| main.to_string()),
        }));
    };
    let sealed = extends(&git, tip, run, journal)?;
    let standing = match reading::count(&journal[sealed..]) {
        0 => Standing::Level,
        records => Standing::Behind { records },
    };
    let commit = git.find_commit(tip)?;
    Ok(Some(Sight {
        standing,
        commit: Some(tip.to_string()),
        at: Timestamp::from_second(commit.time().seconds()).ok(),
        signed: commit.header_field_bytes("gpgsig").is_ok(),
        merged,
        main: main.map(|main| main.to_string()),
    }))
}

/// Whether a commit has the directory of a run.
fn is_below(git: &Repository, commit: Oid, run: RunId) -> Result<bool, git2::Error> {
    let tree = git.find_commit(commit)?.tree()?;
    Ok(tree::below(git, &tree, &place::directory(run))?.is_some())
}
