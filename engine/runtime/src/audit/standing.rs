//! How a journal and the archive stand to each other.

use git2::{ObjectType, Oid, Repository};
use runbook_model::chain::Head;
use runbook_model::change::quoted;
use runbook_model::id::{RunId, Seq};

use super::archive::Archive;
use super::contents::JOURNAL;
use super::reading::{self, Reading};
use super::seal::SealError;
use super::{place, run_branch, tree};

/// How far a journal is sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Nothing of it.
    Unsealed,
    /// All of it.
    Level,
    /// Not its last records; the next seal catches up.
    Behind {
        /// How many records are not sealed.
        records: u64,
    },
}

/// The journal does not hold what was sealed: it was cut or edited. Nothing may go on from it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Divergence {
    /// The journal ends before what was sealed.
    #[error(
        "the journal of run {run} was cut: it has {has} records, {sealed} are sealed in commit {commit}\n  the sealed journal: git --git-dir {repository} show {commit}:{path}"
    )]
    Cut {
        /// The run.
        run: RunId,
        /// How many records the journal has.
        has: u64,
        /// How many are sealed.
        sealed: u64,
        /// In which commit.
        commit: String,
        /// The path of the journal in that commit.
        path: String,
        /// The repository.
        repository: String,
    },
    /// The journal holds something else than what was sealed.
    #[error(
        "the journal of run {run} was edited: record {record} (byte {offset}) is not the one that was sealed in commit {commit}\n  the sealed journal: git --git-dir {repository} show {commit}:{path}"
    )]
    Edited {
        /// The run.
        run: RunId,
        /// The first record that differs.
        record: Seq,
        /// The byte of the journal where it begins.
        offset: u64,
        /// Where the other one is sealed.
        commit: String,
        /// The path of the journal in that commit.
        path: String,
        /// The repository.
        repository: String,
    },
}

impl Archive {
    /// Compares a journal (whole lines) with what is sealed of it.
    ///
    /// # Errors
    /// [`SealError::Diverged`] when the journal lacks or changes what was sealed.
    pub fn compare(&self, run: RunId, journal: &[u8]) -> Result<Standing, SealError> {
        let repository = self.repository()?;
        let Some(tip) = run_branch::tip(&repository, &place::branch(run))? else { return Ok(Standing::Unsealed) };
        let sealed = extends(&repository, tip, run, journal)?;
        match reading::count(&journal[sealed..]) {
            0 => Ok(Standing::Level),
            records => Ok(Standing::Behind { records }),
        }
    }

    /// The end of the journal as it is sealed; `None` when nothing is.
    ///
    /// # Errors
    /// [`SealError`] when the archive or the sealed journal cannot be read.
    pub fn sealed_upto(&self, run: RunId) -> Result<Option<Head>, SealError> {
        let repository = self.repository()?;
        let Some(tip) = run_branch::tip(&repository, &place::branch(run))? else { return Ok(None) };
        Ok(Some(Reading::of(&journal_at(&repository, tip, run)?, Some(run))?.head()))
    }

    /// The tip of `main`, in hexadecimal digits: who remembers it can prove later that nothing was rewritten.
    ///
    /// # Errors
    /// [`SealError::Git`]
    pub fn main_head(&self) -> Result<String, SealError> {
        Ok(self.repository()?.refname_to_id(super::archive::MAIN)?.to_string())
    }
}

/// Makes sure that `journal` begins with what the commit holds; gives the length of that.
pub(super) fn extends(repository: &Repository, commit: Oid, run: RunId, journal: &[u8]) -> Result<usize, SealError> {
    // Told by its name, which is a digest of its content: what was sealed may be as long as the journal, and a run that is
    // sealed as it goes would unpack all of it every two seconds.
    let (id, length) = sealed(repository, commit, run)?;
    let fits = usize::try_from(length).ok().and_then(|length| journal.get(..length));
    if let Some(beginning) = fits
        && Oid::hash_object(ObjectType::Blob, beginning)? == id
    {
        return Ok(beginning.len());
    }
    Err(diverged(repository, commit, run, journal)?)
}

/// The journal that a commit holds: its name, and its length in bytes.
pub(super) fn sealed(repository: &Repository, commit: Oid, run: RunId) -> Result<(Oid, u64), git2::Error> {
    let id = journal_id(repository, commit, run)?;
    let (length, _) = repository.odb()?.read_header(id)?;
    Ok((id, length as u64))
}

/// Where a journal and the one that a commit holds part, when the one does not begin with the other.
pub(super) fn diverged(repository: &Repository, commit: Oid, run: RunId, journal: &[u8]) -> Result<SealError, git2::Error> {
    let sealed = journal_at(repository, commit, run)?;
    let path = format!("{}/{JOURNAL}", place::directory(run).join("/"));
    let (commit, repository) = (commit.to_string(), quoted(repository.path().to_string_lossy().trim_end_matches('/')));
    Ok(SealError::Diverged(match reading::first_difference(journal, &sealed) {
        Some((record, offset)) => Divergence::Edited { run, record, offset, commit, path, repository },
        None => Divergence::Cut { run, has: reading::count(journal), sealed: reading::count(&sealed), commit, path, repository },
    }))
}

pub(super) fn journal_at(repository: &Repository, commit: Oid, run: RunId) -> Result<Vec<u8>, git2::Error> {
    let id = journal_id(repository, commit, run)?;
    repository.find_blob(id).map(|blob| blob.content().to_vec())
}

fn journal_id(repository: &Repository, commit: Oid, run: RunId) -> Result<Oid, git2::Error> {
    let lost = || git2::Error::from_str(&format!("commit {commit} has no journal of run {run}"));
    let tree = repository.find_commit(commit)?.tree()?;
    let directory = tree::below(repository, &tree, &place::directory(run))?.ok_or_else(lost)?;
    let entry = repository.find_tree(directory)?.get_name(JOURNAL).map(|entry| entry.id());
    entry.ok_or_else(lost)
}
