//! New objects, gathered in memory and written as one pack: two files and three flushes instead of nine and twenty.
//!
//! A pack is built from the objects that are really new, so a commit costs the same however many runs are stored. Each of
//! them is looked for once, and without looking whether another process has stored it meanwhile: we hold the lock, and to
//! have an object twice harms nobody.

use std::cell::RefCell;
use std::collections::HashSet;

use git2::{OdbLookupFlags, Oid, Repository, Signature};

use super::archive::Archive;
use super::commit;
use super::compressed::Compressed;
use super::directory::Directory;
use super::journal::Journal;
use super::pack;
use super::seal::SealError;

/// Objects on their way into an archive.
pub(super) struct Staging<'a> {
    archive: &'a Archive,
    repository: Repository,
    new: RefCell<Vec<New<'a>>>,
    known: RefCell<HashSet<Oid>>,
    /// Why a commit is not signed although there is a key.
    unsigned: RefCell<Option<String>>,
}

struct New<'a> {
    id: Oid,
    content: Content<'a>,
}

enum Content<'a> {
    Bytes(pack::Kind, Vec<u8>),
    /// Read again when the pack is written.
    Journal(&'a Journal),
    /// Compressed while it was read.
    Compressed(Compressed),
}

impl<'a> Staging<'a> {
    /// Begins with nothing.
    pub(super) fn new(archive: &'a Archive) -> Result<Self, git2::Error> {
        Ok(Self {
            archive,
            repository: archive.repository()?,
            new: RefCell::default(),
            known: RefCell::default(),
            unsigned: RefCell::default(),
        })
    }

    /// What is stored; what is staged is not seen through it.
    pub(super) fn repository(&self) -> &Repository {
        &self.repository
    }

    /// Stages a file.
    pub(super) fn blob(&self, bytes: Vec<u8>) -> Result<Oid, git2::Error> {
        self.stage(pack::Kind::Blob, bytes)
    }

    /// Stages a journal, by the name that git gives to its bytes; in its compressed form, if that is of the same bytes.
    pub(super) fn journal(&self, journal: &'a Journal, compressed: Option<Compressed>, id: Oid) -> Result<(), git2::Error> {
        self.stage_as(id, || match compressed.filter(|compressed| compressed.is_of(id)) {
            Some(compressed) => Content::Compressed(compressed),
            None => Content::Journal(journal),
        })
    }

    /// Stages a directory.
    pub(super) fn tree(&self, directory: &Directory) -> Result<Oid, git2::Error> {
        self.stage(pack::Kind::Tree, directory.bytes())
    }

    /// Stages a commit, signed when the archive has a signer.
    pub(super) fn commit(
        &self,
        author: &Signature<'_>,
        committer: &Signature<'_>,
        message: &str,
        tree: Oid,
        parents: &[Oid],
    ) -> Result<Oid, SealError> {
        let content = commit::content(author, committer, message, tree, parents);
        let signing = self.archive.signing();
        let content = match signing.signer.as_ref().map(|signer| signer.sign("git", &content)) {
            Some(Err(cannot)) if signing.required => return Err(cannot.into()),
            Some(Err(cannot)) => {
                tracing::warn!(%cannot, "a commit of the audit trail is not signed");
                self.unsigned.replace(Some(cannot.to_string()));
                content
            }
            Some(Ok(signature)) => commit::signed(&content, &signature),
            None => content,
        };
        Ok(self.stage(pack::Kind::Commit, content)?)
    }

    /// Writes what is new as one pack and flushes it. Only then may a reference name any of it, and until one does, what is
    /// given here holds it.
    pub(super) fn flush(&self) -> Result<Option<pack::Kept>, SealError> {
        let new: Vec<_> = self.new.borrow_mut().drain(..).collect();
        if new.is_empty() {
            return Ok(None);
        }
        let mut pack = pack::Writer::begin(&self.archive.path().join("objects/pack"), new.len())?;
        for New { id, content } in new {
            match content {
                Content::Bytes(kind, bytes) => pack.object(id, kind, &bytes)?,
                Content::Journal(journal) => journal.write(&mut pack, id)?,
                Content::Compressed(compressed) => compressed.write(&mut pack)?,
            }
        }
        let kept = pack.finish_kept()?;
        // What was just written is to be found through the same handle.
        self.repository.odb()?.refresh()?;
        Ok(Some(kept))
    }

    /// Why something that was staged is not signed; `None` when it is, or when there is no key.
    pub(super) fn unsigned(&self) -> Option<String> {
        self.unsigned.borrow().clone()
    }

    fn stage(&self, kind: pack::Kind, bytes: Vec<u8>) -> Result<Oid, git2::Error> {
        let id = Oid::hash_object(kind.object_type(), &bytes)?;
        self.stage_as(id, || Content::Bytes(kind, bytes))?;
        Ok(id)
    }

    fn stage_as(&self, id: Oid, content: impl FnOnce() -> Content<'a>) -> Result<(), git2::Error> {
        if self.known.borrow_mut().insert(id) && !self.repository.odb()?.exists_ext(id, OdbLookupFlags::NO_REFRESH) {
            self.new.borrow_mut().push(New { id, content: content() });
        }
        Ok(())
    }
}
