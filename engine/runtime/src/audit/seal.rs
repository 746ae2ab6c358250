//! What is to be sealed, what comes of it, and why it may not.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::thread;

use git2::Oid;
use jiff::Timestamp;
use runbook_model::chain::Head;
use runbook_model::digest::Digest;
use runbook_model::id::RunId;

use super::blob_id::BlobId;
use super::compressed::{Aside, Compressed};
use super::contents::{self, JOURNAL, Outputs, SUMMARY};
use super::facts::{Facts, Gathered};
use super::journal::Journal;
use super::lock::Locked;
use super::reading::{Lines, Unreadable};
use super::remembered::Rewritten;
use super::staging::Staging;
use super::standing::{self, Divergence};
use super::unwritten::Unwritten;
use super::{place, run_branch};
use crate::signing::CannotSign;

/// What is to be sealed. All that a commit says is read from the journal, so that the two cannot disagree.
#[derive(Debug, Clone)]
pub struct Seal {
    /// The run.
    pub run: RunId,
    /// Its journal.
    pub journal: Journal,
    /// The pinned sources that it runs now.
    pub sources: Vec<SourceText>,
    /// When, as a label.
    pub at: Timestamp,
    /// Why now, in a few words: `before the first effect`.
    pub reason: String,
}

/// One pinned source with its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceText {
    /// Its name, as in the journal.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// What was sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// The tip of the run's branch, in hexadecimal digits.
    pub commit: String,
    /// The tip of `main` that holds it, when the run was concluded.
    pub main: Option<String>,
    /// The end of the journal that it holds.
    pub head: Head,
    /// Whether there was anything new to seal.
    pub new: bool,
    /// Why what is new is not signed, although there is a key.
    pub unsigned: Option<String>,
}

/// Why something was not sealed. The run is as it was; the archive, too.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// The journal cannot be read.
    #[error("the journal `{}` cannot be read: {source}", .path.display())]
    Read {
        /// The journal.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The journal is not sound.
    #[error(transparent)]
    Journal(#[from] Unreadable),
    /// The journal does not extend what was sealed before.
    #[error(transparent)]
    Diverged(#[from] Divergence),
    /// A pinned source is not what the journal says.
    #[error("the pinned source `{name}` is not the one that the journal names: it was edited, or is missing")]
    Source {
        /// Its name.
        name: String,
    },
    /// Only a run that its process let go of can be concluded.
    #[error("run {0} has not ended: its journal does not end with `session_ended`")]
    NotEnded(RunId),
    /// Another process writes to the archive and does not come to an end.
    #[error(transparent)]
    Locked(#[from] Locked),
    /// `main` is not what it was.
    #[error(transparent)]
    Rewritten(#[from] Rewritten),
    /// The commit could not be signed.
    #[error(transparent)]
    Sign(#[from] CannotSign),
    /// A file of the archive could not be written.
    #[error(transparent)]
    Unwritten(#[from] Unwritten),
    /// git refused.
    #[error("the audit repository refused: {0}")]
    Git(#[from] git2::Error),
}

/// What a seal comes to before anything is written.
pub(super) struct Prepared {
    pub facts: Facts,
    /// The files of the run's directory by their paths, staged; the journal is among them.
    pub files: BTreeMap<String, Oid>,
    /// Where the run's branch points, if there is one. What it holds is the beginning of the journal.
    pub tip: Option<Oid>,
}

impl Seal {
    /// Reads the journal and stages what follows from it. Either may be long: no record is kept, and no output that is
    /// stored already. `is_awaited` says that somebody waits: then the journal is compressed while it is read.
    pub(super) fn prepare<'s>(&'s self, staging: &Staging<'s>, is_awaited: bool) -> Result<Prepared, SealError> {
        let repository = staging.repository();
        let tip = run_branch::tip(repository, &place::branch(self.run))?;
        let sealed = tip.map(|tip| standing::sealed(repository, tip, self.run)).transpose()?;
        let (mut reader, size) = self.journal.open()?;
        let is_new = sealed.is_none_or(|(_, length)| length != size);
        thread::scope(|scope| {
            let aside = (is_awaited && is_new).then(|| Compressed::aside(scope, &self.journal, size)).flatten();
            self.read(staging, &mut *reader, size, tip, sealed, aside)
        })
    }

    fn read<'s>(
        &'s self,
        staging: &Staging<'s>,
        reader: &mut dyn io::BufRead,
        size: u64,
        tip: Option<Oid>,
        sealed: Option<(Oid, u64)>,
        aside: Option<Aside<'_>>,
    ) -> Result<Prepared, SealError> {
        let repository = staging.repository();
        let mut files = BTreeMap::new();
        let (mut gathered, mut outputs, mut lines) = (Gathered::default(), Outputs::default(), Lines::of(Some(self.run)));
        let mut id = BlobId::of_size(size);
        let mut beginning = sealed.map(|(_, length)| BlobId::of_size(length));
        let mut line = Vec::new();
        while reader.read_until(b'\n', &mut line).map_err(|error| self.journal.unread(error))? > 0 {
            id.update(&line);
            beginning.iter_mut().for_each(|beginning| beginning.update(&line));
            let (record, started, at) = lines.next(&line)?;
            gathered.take(&record);
            for (path, content) in outputs.take(&record, started, at.before) {
                files.insert(path, staging.blob(content)?);
            }
            line.clear();
        }
        let (started, head) = lines.end()?;
        if let (Some(tip), Some((sealed, _))) = (tip, sealed)
            && beginning.and_then(BlobId::finish) != Some(sealed)
        {
            return Err(standing::diverged(repository, tip, self.run, &self.journal.bytes()?)?);
        }
        let id = id.finish().ok_or_else(|| self.journal.unread(io::ErrorKind::UnexpectedEof.into()))?;
        staging.journal(&self.journal, aside.and_then(Aside::done), id)?;
        files.insert(JOURNAL.to_owned(), id);

        let facts = gathered.facts(started, head);
        for source in &facts.sources {
            let fits = |given: &&SourceText| given.name == source.name && Digest::of(given.text.as_bytes()) == source.digest;
            let given = self.sources.iter().find(fits).ok_or_else(|| SealError::Source { name: source.name.clone() })?;
            files.insert(place::source(&source.name), staging.blob(given.text.clone().into_bytes())?);
        }
        files.insert(SUMMARY.to_owned(), staging.blob(contents::summary(&facts))?);
        Ok(Prepared { facts, files, tip })
    }
}
