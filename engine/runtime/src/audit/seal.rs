//! What is to be sealed, what comes of it, and why it may not.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::path::PathBuf;

use jiff::Timestamp;
use runbook_model::chain::Head;
use runbook_model::digest::Digest;
use runbook_model::id::RunId;

use super::contents::{self, JOURNAL, Outputs, SUMMARY};
use super::facts::{Facts, Gathered};
use super::lock::Locked;
use super::place;
use super::reading::{self, Unreadable};
use super::remembered::Rewritten;
use super::standing::Divergence;
use super::unwritten::Unwritten;
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

/// Where the bytes of a journal are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Journal {
    /// Here: whole lines.
    Bytes(Vec<u8>),
    /// In a file. It is read when the seal's turn comes, so that an offer costs nothing.
    File {
        /// The file.
        path: PathBuf,
        /// How many of its bytes count: whole lines. A torn line behind them is not looked at.
        length: u64,
    },
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
        source: std::io::Error,
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
    /// By their paths in the run's directory; the journal is among them.
    pub files: BTreeMap<String, Vec<u8>>,
}

impl Prepared {
    /// The bytes of the journal.
    pub(super) fn journal(&self) -> &[u8] {
        self.files.get(JOURNAL).map_or(&[], Vec::as_slice)
    }
}

impl Seal {
    /// Reads the journal, which may be long: no record of it is kept.
    pub(super) fn prepare(&self) -> Result<Prepared, SealError> {
        let journal = self.journal.bytes()?;
        let (mut gathered, mut outputs) = (Gathered::default(), Outputs::default());
        let (started, head) = reading::each(&journal, Some(self.run), |record, started, at| {
            gathered.take(&record);
            outputs.take(&record, started, at.before);
        })?;
        let facts = gathered.facts(started, head);
        let mut files = outputs.files;
        for source in &facts.sources {
            let fits = |given: &&SourceText| given.name == source.name && Digest::of(given.text.as_bytes()) == source.digest;
            let given = self.sources.iter().find(fits).ok_or_else(|| SealError::Source { name: source.name.clone() })?;
            files.insert(place::source(&source.name), given.text.clone().into_bytes());
        }
        files.insert(SUMMARY.to_owned(), contents::summary(&facts));
        files.insert(JOURNAL.to_owned(), journal);
        Ok(Prepared { facts, files })
    }
}

impl Journal {
    /// The bytes themselves.
    fn bytes(&self) -> Result<Vec<u8>, SealError> {
        match self {
            Self::Bytes(bytes) => Ok(bytes.clone()),
            Self::File { path, length } => {
                let mut bytes = Vec::new();
                File::open(path)
                    .and_then(|file| file.take(*length).read_to_end(&mut bytes))
                    .map_err(|source| SealError::Read { path: path.clone(), source })?;
                Ok(bytes)
            }
        }
    }
}
