//! The repository of the audit trail, and whether it can be used.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use git2::{ErrorCode, ObjectType, Repository};

use super::durable;
use super::founding::{self, Founding};
use super::lock::{Locked, WriterLock};
use super::remembered::{self, Rewritten};
use crate::signing::Signing;

pub(super) const MAIN: &str = "refs/heads/main";

/// How long to wait for other writers; each of them needs some milliseconds.
const PATIENCE: Duration = Duration::from_secs(10);

/// What to call whenever something was sealed. It must not wait for anything.
pub type Told = Box<dyn Fn() + Send>;

/// The bare repository that holds the audit trail of every run of one state directory.
///
/// It keeps no handle open: several processes write to one archive, each under the lock beside it.
pub struct Archive {
    path: PathBuf,
    signing: Signing,
    told: Option<Told>,
    patience: Duration,
}

/// Why an archive cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// There is none yet.
    #[error("there is no audit repository at `{}`", .path.display())]
    Missing {
        /// Where it should be.
        path: PathBuf,
    },
    /// It belongs to another user, who could change it behind our back.
    #[error("the audit repository `{}` belongs to user {owner}, not to user {us}: run as that user, or give it away with `chown -R {us}`", .path.display())]
    Owner {
        /// The repository.
        path: PathBuf,
        /// The number of the user who owns it.
        owner: u32,
        /// The number of the user that we are.
        us: u32,
    },
    /// A part of it cannot be read.
    #[error(
        "the audit repository `{repository}` is damaged at `{place}`: {why}\n  look: git -C {repository} fsck --full\n  then restore it from a clone, or move it away: the next run begins a new one",
        repository = .path.display()
    )]
    Damaged {
        /// The repository.
        path: PathBuf,
        /// The file, reference or object.
        place: String,
        /// What is wrong there.
        why: String,
    },
    /// It is not the one that was here, or lacks what was in it.
    #[error(transparent)]
    Rewritten(#[from] Rewritten),
    /// Another process writes to it and does not come to an end.
    #[error(transparent)]
    Locked(#[from] Locked),
    /// It could not be created.
    #[error("the audit repository `{}` could not be created: {why}", .path.display())]
    Create {
        /// Where.
        path: PathBuf,
        /// Why not.
        why: String,
    },
}

impl Unusable {
    /// Whether there is no room for it: nothing is wrong with the trail then.
    #[must_use]
    pub fn is_for_want_of_room(&self) -> bool {
        // What the system says was made a text on the way here.
        let is_full = |why: &str| ["No space left on device", "Disk quota exceeded"].iter().any(|words| why.contains(words));
        match self {
            Self::Create { why, .. } | Self::Locked(Locked { why, .. }) => is_full(why),
            Self::Missing { .. } | Self::Owner { .. } | Self::Damaged { .. } | Self::Rewritten(_) => false,
        }
    }
}

impl Archive {
    /// Opens the archive after a look at its health that takes the same time however many runs it holds: owner, `HEAD`,
    /// `main` with its commit and tree. When there is none and `create` says who begins it, it is created.
    ///
    /// # Errors
    /// [`Unusable`] names the file or reference, and the way out.
    pub fn open(path: &Path, create: Option<&Founding>) -> Result<Self, Unusable> {
        durable::flush_everything();
        let archive = Self { path: path.to_owned(), signing: Signing::default(), told: None, patience: PATIENCE };
        if !path.exists() {
            let founding = create.ok_or_else(|| Unusable::Missing { path: path.to_owned() })?;
            let _lock = WriterLock::take(path, archive.patience)?;
            if !path.exists() {
                founding::found(path, founding)?;
            }
        }
        archive.check()?;
        Ok(archive)
    }

    /// Signs every commit from here on, if there is a key. Where that is required and fails, nothing is committed.
    #[must_use]
    pub fn signed_by(mut self, signing: Signing) -> Self {
        self.signing = signing;
        self
    }

    /// Calls this whenever something was sealed.
    #[must_use]
    pub fn telling(mut self, told: Told) -> Self {
        self.told = Some(told);
        self
    }

    pub(super) fn tell(&self) {
        if let Some(told) = &self.told {
            told();
        }
    }

    /// Waits this long for other writers before it gives up; 10 s unless said otherwise.
    #[must_use]
    pub fn patient_for(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn signing(&self) -> &Signing {
        &self.signing
    }

    pub(super) fn lock(&self) -> Result<WriterLock, Locked> {
        WriterLock::take(&self.path, self.patience)
    }

    pub(super) fn repository(&self) -> Result<Repository, git2::Error> {
        Repository::open_bare(&self.path)
    }

    fn check(&self) -> Result<(), Unusable> {
        use std::os::unix::fs::MetadataExt as _;

        let damaged = |place: &str, why: String| Unusable::Damaged { path: self.path.clone(), place: place.to_owned(), why };
        let owner = std::fs::metadata(&self.path).map_err(|error| damaged(".", error.to_string()))?.uid();
        let us = rustix::process::geteuid().as_raw();
        if owner != us {
            return Err(Unusable::Owner { path: self.path.clone(), owner, us });
        }
        let head = std::fs::read_to_string(self.path.join("HEAD")).map_err(|error| damaged("HEAD", error.to_string()))?;
        if head.trim_end() != format!("ref: {MAIN}") {
            return Err(damaged("HEAD", format!("it names `{}`, not `{MAIN}`", head.trim_end().escape_debug())));
        }
        let repository = self.repository().map_err(|error| damaged("config", error.message().to_owned()))?;
        let tip = repository.refname_to_id(MAIN).map_err(|error| match error.code() {
            ErrorCode::NotFound => damaged(MAIN, "the branch is missing: somebody removed it".to_owned()),
            _ => damaged(MAIN, error.message().to_owned()),
        })?;
        let commit =
            repository.find_commit(tip).map_err(|error| damaged(&format!("{MAIN} ({tip})"), error.message().to_owned()))?;
        let tree = commit.tree_id();
        let odb = repository.odb().map_err(|error| damaged("objects", error.message().to_owned()))?;
        match odb.read(tree) {
            Ok(object) if object.kind() == ObjectType::Tree => Ok(remembered::check(&repository, &self.path, tip)?),
            Ok(_) => Err(damaged(&tree.to_string(), "the tree of `main` is not a tree".to_owned())),
            Err(error) => Err(damaged(&tree.to_string(), error.message().to_owned())),
        }
    }
}

impl fmt::Debug for Archive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Archive").field("path", &self.path).field("signed", &self.signing.signer.is_some()).finish()
    }
}
