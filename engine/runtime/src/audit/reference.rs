//! Moves a reference without a look at the others.
//!
//! libgit2 reads all of `packed-refs` before it writes any reference: after a `git gc` by hand that is a line for each run.
//! Here the reference itself is read, and written, under git's own lock (`<ref>.lock`).

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

use git2::{Oid, Repository};

use super::run_branch::tip;
use super::seal::SealError;
use super::unwritten::Unwritten;

/// Moves a branch from `old`, and from nowhere else, durably: nothing is ever forced.
///
/// # Errors
/// It is elsewhere, another process is moving it, or it cannot be written.
pub(super) fn advance(repository: &Repository, branch: &str, new: Oid, old: Option<Oid>) -> Result<(), SealError> {
    let path = repository.path().join(branch);
    let lock = repository.path().join(format!("{branch}.lock"));
    let directory = path.parent().unwrap_or(repository.path());
    let mut file = locked(&lock, directory)?;
    let written = match tip(repository, branch) {
        Ok(found) if found == old => {
            let written = file.write_all(format!("{new}\n").as_bytes()).and_then(|()| file.sync_all());
            written.and_then(|()| fs::rename(&lock, &path)).map_err(|error| Unwritten::at(&path)(error).into())
        }
        Ok(found) => {
            let place = |id: Option<Oid>| id.map_or_else(|| "nowhere".to_owned(), |id| id.to_string());
            let why = format!("`{branch}` is at {}, not at {}: another process moved it", place(found), place(old));
            Err(SealError::Git(git2::Error::from_str(&why)))
        }
        Err(error) => Err(error.into()),
    };
    if written.is_err() {
        // Ours: it was created here. Left behind it would only be in the way until the next writer removes it.
        let _left = fs::remove_file(&lock);
    }
    written?;
    File::open(directory).and_then(|open| open.sync_all()).map_err(Unwritten::at(directory))?;
    Ok(())
}

/// Creates the lock of a reference, and the directory that it is in.
fn locked(lock: &Path, directory: &Path) -> Result<File, Unwritten> {
    // `git pack-refs` removes a directory that it has emptied, perhaps between our two calls.
    for _ in 0..8 {
        match OpenOptions::new().write(true).create_new(true).open(lock) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => made(directory)?,
            opened => return opened.map_err(Unwritten::at(lock)),
        }
    }
    Err(Unwritten::at(directory)(io::ErrorKind::NotFound.into()))
}

/// Makes a directory of references, durably.
fn made(directory: &Path) -> Result<(), Unwritten> {
    match DirBuilder::new().create(directory) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(Unwritten::at(directory)(error)),
        _ => {}
    }
    let above = directory.parent().unwrap_or(directory);
    File::open(above).and_then(|open| open.sync_all()).map_err(Unwritten::at(above))
}
