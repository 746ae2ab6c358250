//! The beginning of an archive.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use git2::{Repository, RepositoryInitOptions};
use jiff::Timestamp;

use super::archive::{MAIN, Unusable};
use super::{commit, remembered};

/// When and where an archive begins.
#[derive(Debug, Clone)]
pub struct Founding {
    /// When.
    pub at: Timestamp,
    /// On which host.
    pub host: String,
}

const README: &str = "\
# The audit trail of runbook

`git log --first-parent main` has one line for each end of a run. `runs/<year>/<month>/<day>/<run>/` holds its journal
(one record a line), the sources that it ran, and what its commands printed. The branch `runs/<run>` shows how the journal grew.

`runbook verify` checks all of it. With plain tools, each line of a journal is checked by

    while IFS= read -r line; do printf '%s' \"${line%,\\\"digest\\\":*}\" | sha256sum; done < journal.jsonl

which gives the `digest` at the end of that line, and the `prev` at the beginning of the next one.
";

/// Creates the repository beside its place and moves it there, so that a crash leaves all of it or nothing.
pub(super) fn found(path: &Path, founding: &Founding) -> Result<(), Unusable> {
    let failed = |why: String| Unusable::Create { path: path.to_owned(), why };
    let io = |error: std::io::Error| failed(error.to_string());
    let git = |error: git2::Error| failed(error.message().to_owned());

    let parent = path.parent().ok_or_else(|| failed("it has no parent directory".to_owned()))?;
    let partial = path.with_extension("git.partial");
    if partial.exists() {
        // We hold the writer lock: whoever left this is dead.
        fs::remove_dir_all(&partial).map_err(io)?;
    }
    let mut options = RepositoryInitOptions::new();
    options.bare(true).external_template(false).no_reinit(true).mkpath(false).mkdir(true).initial_head("main");
    let begun = {
        let repository = Repository::init_opts(&partial, &options).map_err(git)?;
        fs::set_permissions(&partial, fs::Permissions::from_mode(0o700)).map_err(io)?;
        let readme = repository.blob(README.as_bytes()).map_err(git)?;
        let mut tree = repository.treebuilder(None).map_err(git)?;
        tree.insert("README.md", readme, git2::FileMode::Blob.into()).map_err(git)?;
        let tree = repository.find_tree(tree.write().map_err(git)?).map_err(git)?;
        let us = commit::committer(&founding.host, founding.at).map_err(git)?;
        let message = commit::founding_message(&founding.host, &nonce().map_err(io)?, remembered::read(path).as_deref());
        repository.commit(Some(MAIN), &us, &us, &message, &tree, &[]).map_err(git)?
    };
    // libgit2 flushed what it wrote; the files that it made from templates, and the folders, are ours to flush.
    for name in ["HEAD", "config"] {
        fs::File::open(partial.join(name)).and_then(|file| file.sync_all()).map_err(io)?;
    }
    for directory in ["refs/heads", "refs", "objects", ""] {
        fs::File::open(partial.join(directory)).and_then(|file| file.sync_all()).map_err(io)?;
    }
    fs::rename(&partial, path).map_err(io)?;
    remembered::write(path, begun);
    fs::File::open(parent).and_then(|file| file.sync_all()).map_err(io)
}

/// What no other trail has, so that two that begin in the same second on machines of the same name are told apart.
fn nonce() -> std::io::Result<String> {
    let mut bytes = [0; 16];
    rustix::rand::getrandom(&mut bytes, rustix::rand::GetRandomFlags::empty())?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
