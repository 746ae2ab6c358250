//! The beginning of an archive.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use git2::Oid;
use jiff::Timestamp;

use super::archive::{MAIN, Unusable};
use super::directory::Directory;
use super::unwritten::Unwritten;
use super::{commit, pack, remembered};

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

/// What any git takes for a bare repository. Nothing of this machine's configuration has a say in it.
const CONFIG: &str = "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = true\n";

/// Creates the repository beside its place and moves it there, so that a crash leaves all of it or nothing. It is written
/// file by file: libgit2 writes the same in twice as many files and flushes.
pub(super) fn found(path: &Path, founding: &Founding) -> Result<(), Unusable> {
    let failed = |why: String| Unusable::Create { path: path.to_owned(), why };
    let io = |error: std::io::Error| failed(error.to_string());

    let parent = path.parent().ok_or_else(|| failed("it has no parent directory".to_owned()))?;
    let partial = path.with_extension("git.partial");
    if partial.exists() {
        // We hold the writer lock: whoever left this is dead.
        fs::remove_dir_all(&partial).map_err(io)?;
    }
    let git = |error: git2::Error| failed(error.message().to_owned());
    let unwritten = |error: Unwritten| failed(error.source.to_string());
    for directory in ["objects/info", "objects/pack", "refs/heads", "refs/tags"] {
        fs::create_dir_all(partial.join(directory)).map_err(io)?;
    }
    fs::set_permissions(&partial, fs::Permissions::from_mode(0o700)).map_err(io)?;
    let mut pack = pack::Writer::begin(&partial.join("objects/pack"), 3).map_err(unwritten)?;
    let mut put = |kind: pack::Kind, content: &[u8]| {
        let id = Oid::hash_object(kind.object_type(), content).map_err(git)?;
        pack.object(id, kind, content).map(|()| id).map_err(unwritten)
    };
    let mut files = Directory::default();
    files.put_file("README.md", put(pack::Kind::Blob, README.as_bytes())?);
    let tree = put(pack::Kind::Tree, &files.bytes())?;
    let us = commit::committer(&founding.host, founding.at).map_err(git)?;
    let message = commit::founding_message(&founding.host, &nonce().map_err(io)?, remembered::read(path).as_deref());
    let begun = put(pack::Kind::Commit, &commit::content(&us, &us, &message, tree, &[]))?;
    pack.finish().map_err(unwritten)?;
    for (name, text) in [("HEAD", format!("ref: {MAIN}\n")), ("config", CONFIG.to_owned()), (MAIN, format!("{begun}\n"))] {
        let file = fs::File::create_new(partial.join(name));
        file.and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all())).map_err(io)?;
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
