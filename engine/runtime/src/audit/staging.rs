//! New objects, gathered in memory and written as one pack: two files and three flushes instead of nine and twenty.
//!
//! `Mempack::dump` would pack the whole tree of each commit, old runs included; so the pack is built from the ids that
//! are really new, and a commit costs the same however many runs are stored.

use std::cell::RefCell;
use std::collections::HashSet;

use git2::{ObjectType, OdbLookupFlags, Oid, Repository, Signature, Tree};

use super::archive::Archive;
use super::pack;
use super::seal::SealError;

/// Where the memory stands among the places that libgit2 asks: before packs (2) and loose objects (1).
const FIRST: i32 = 1000;

/// Objects on their way into an archive.
pub(super) struct Staging<'a> {
    archive: &'a Archive,
    repository: Repository,
    written: RefCell<Vec<Oid>>,
    /// Why a commit is not signed although there is a key.
    unsigned: RefCell<Option<String>>,
}

impl<'a> Staging<'a> {
    /// Begins with nothing.
    pub(super) fn new(archive: &'a Archive) -> Result<Self, git2::Error> {
        let repository = archive.repository()?;
        repository.odb()?.add_new_mempack_backend(FIRST)?;
        Ok(Self { archive, repository, written: RefCell::default(), unsigned: RefCell::default() })
    }

    /// What is stored and staged.
    pub(super) fn repository(&self) -> &Repository {
        &self.repository
    }

    /// Stages a file.
    pub(super) fn blob(&self, bytes: &[u8]) -> Result<Oid, git2::Error> {
        let id = self.repository.odb()?.write(ObjectType::Blob, bytes)?;
        self.remember(id);
        Ok(id)
    }

    /// Stages a directory.
    pub(super) fn tree(&self, builder: &git2::TreeBuilder<'_>) -> Result<Oid, git2::Error> {
        let id = builder.write()?;
        self.remember(id);
        Ok(id)
    }

    /// Stages a commit, signed when the archive has a signer.
    pub(super) fn commit(
        &self,
        author: &Signature<'_>,
        committer: &Signature<'_>,
        message: &str,
        tree: &Tree<'_>,
        parents: &[Oid],
    ) -> Result<Oid, SealError> {
        let repository = &self.repository;
        let parents = parents.iter().map(|id| repository.find_commit(*id)).collect::<Result<Vec<_>, _>>()?;
        let parents: Vec<_> = parents.iter().collect();
        let content = repository.commit_create_buffer(author, committer, message, tree, &parents)?;
        let signing = self.archive.signing();
        let signature = match signing.signer.as_ref().map(|signer| signer.sign("git", &content)) {
            Some(Err(cannot)) if signing.required => return Err(cannot.into()),
            Some(Err(cannot)) => {
                tracing::warn!(%cannot, "a commit of the audit trail is not signed");
                self.unsigned.replace(Some(cannot.to_string()));
                None
            }
            Some(Ok(signature)) => Some(signature),
            None => None,
        };
        let id = match signature {
            None => repository.commit(None, author, committer, message, tree, &parents)?,
            Some(signature) => {
                let content = std::str::from_utf8(&content).map_err(|_| git2::Error::from_str("the commit is not text"))?;
                repository.commit_signed(content, &signature, None)?
            }
        };
        self.remember(id);
        Ok(id)
    }

    /// Writes what is new as one pack and flushes it. Only then may a reference name any of it.
    pub(super) fn flush(&self) -> Result<(), SealError> {
        // A second handle, which does not see the memory, tells what is stored already.
        let stored = self.archive.repository()?;
        let stored = stored.odb()?;
        let mut new: Vec<Oid> = self.written.borrow_mut().drain(..).collect();
        let mut seen = HashSet::new();
        new.retain(|id| seen.insert(*id) && !stored.exists_ext(*id, OdbLookupFlags::NO_REFRESH));
        if new.is_empty() {
            return Ok(());
        }
        let staged = self.repository.odb()?;
        let mut pack = pack::Writer::begin(&self.archive.path().join("objects/pack"), new.len())?;
        for id in new {
            let object = staged.read(id)?;
            let kind = pack::Kind::of(object.kind()).ok_or_else(|| git2::Error::from_str("an object of no kind"))?;
            pack.object(id, kind, object.data())?;
        }
        pack.finish()?;
        Ok(())
    }

    /// Why something that was staged is not signed; `None` when it is, or when there is no key.
    pub(super) fn unsigned(&self) -> Option<String> {
        self.unsigned.borrow().clone()
    }

    fn remember(&self, id: Oid) {
        self.written.borrow_mut().push(id);
    }
}
