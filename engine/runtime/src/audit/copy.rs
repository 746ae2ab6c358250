//! A run as the archive has it: all that another machine needs to go on with it.

use git2::Oid;
use runbook_model::id::RunId;

use super::archive::Archive;
use super::facts::sources_at;
use super::reading::Reading;
use super::seal::{SealError, SourceText};
use super::standing::journal_at;
use super::{place, tree};

/// A run as the archive has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copy {
    /// Its journal.
    pub journal: Vec<u8>,
    /// The sources that it runs now.
    pub sources: Vec<SourceText>,
}

impl Archive {
    /// The journal and the pinned sources of a run in a commit of its branch.
    ///
    /// # Errors
    /// [`SealError`] when the commit or the journal in it cannot be read, or a source is not the one that it names.
    pub fn copy_of(&self, run: RunId, tip: Oid) -> Result<Copy, SealError> {
        let git = self.repository()?;
        let journal = journal_at(&git, tip, run)?;
        let reading = Reading::of(&journal, Some(run))?;
        let root = git.find_commit(tip)?.tree()?;
        let mut sources = Vec::new();
        for source in sources_at(&reading, reading.records.len()) {
            let lost = || SealError::Source { name: source.name.clone() };
            let mut path = place::directory(run);
            path.extend(place::source(&source.name).split('/').map(str::to_owned));
            let file = path.pop().ok_or_else(lost)?;
            let directory = tree::below(&git, &root, &path)?.ok_or_else(lost)?;
            let bytes = tree::file(&git, directory, &file)?.ok_or_else(lost)?;
            let text = String::from_utf8(bytes).map_err(|_| lost())?;
            if runbook_model::digest::Digest::of(text.as_bytes()) != source.digest {
                return Err(lost());
            }
            sources.push(SourceText { name: source.name.clone(), text });
        }
        Ok(Copy { journal, sources })
    }
}
