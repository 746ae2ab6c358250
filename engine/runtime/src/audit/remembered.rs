//! Where `main` was when we last wrote to it, beside the repository: whoever rewrites the repository and not this file is
//! found out before the next run. It is no anchor: that is a copy which the same person cannot reach.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use git2::{Oid, Repository};

use super::lineage;

/// `main` lacks what was in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the audit trail `{repository}` was rewritten: `main` is {main} and does not descend from {remembered}, where it was\n  if a copy has it: git -C {repository} fetch COPY {remembered}\n  if you put another trail there on purpose: rm {file}",
    repository = .repository.display(), file = .file.display()
)]
pub struct Rewritten {
    /// The repository.
    pub repository: PathBuf,
    /// Where it is remembered.
    pub file: PathBuf,
    /// What was remembered.
    pub remembered: String,
    /// Where `main` is.
    pub main: String,
}

fn file(repository: &Path) -> PathBuf {
    repository.with_file_name("audit.head")
}

/// The tip of `main` that is remembered beside this repository, in hexadecimal digits.
#[must_use]
pub fn read(repository: &Path) -> Option<String> {
    let text = fs::read_to_string(file(repository)).ok()?;
    // libgit2 takes fewer digits for a whole id; a torn file has fewer.
    let whole = text.trim().len() == 40;
    Oid::from_str(text.trim()).ok().filter(|_| whole).map(|id| id.to_string())
}

/// Makes sure that `main` descends from what is remembered, if anything is.
pub(super) fn check(git: &Repository, repository: &Path, main: Oid) -> Result<(), Rewritten> {
    let Some(remembered) = read(repository) else { return Ok(()) };
    let descends = Oid::from_str(&remembered).is_ok_and(|old| lineage::descends(git, main, old).unwrap_or(false));
    if descends {
        return Ok(());
    }
    Err(Rewritten { repository: repository.to_owned(), file: file(repository), remembered, main: main.to_string() })
}

/// Remembers the tip of `main`. Failing is no fault of the trail: an older tip does as well.
pub(super) fn write(repository: &Path, main: Oid) {
    let (file, partial) = (file(repository), repository.with_file_name("audit.head.partial"));
    // One that is there is from a process that died, or a link that somebody put there: it is not written through.
    let _gone = fs::remove_file(&partial);
    let written = fs::File::create_new(&partial)
        .and_then(|mut new| new.write_all(format!("{main}\n").as_bytes()).and_then(|()| new.sync_all()))
        .and_then(|()| fs::rename(&partial, &file));
    if let Err(error) = written {
        tracing::warn!(%error, file = %file.display(), "the head of the audit trail is not remembered");
    }
}
