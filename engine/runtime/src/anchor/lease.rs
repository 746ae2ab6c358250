//! Who has a run, for all machines to see.

use git2::{Oid, Repository};
use jiff::Timestamp;
use runbook_model::id::RunId;
use serde::{Deserialize, Serialize};

use super::refusal::NotAnchored;
use super::remote::{Remote, lease, target};

/// What a lease says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// The version of this text: 1.
    pub v: u32,
    /// The run.
    pub run: RunId,
    /// Who has it.
    pub name: String,
    /// On which host.
    pub host: String,
    /// When this was written.
    pub at: Timestamp,
    /// Whether a session is open. A session that ended let go of the run: anybody may take it.
    pub held: bool,
    /// The trail of the state directory that has it.
    pub trail: String,
    /// Different in every lease that was ever written, so that each is another value to compare with.
    pub nonce: String,
}

/// How a run's lease stands to us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Holding {
    /// There is none: the run was never pushed.
    None,
    /// It is the one that we wrote last.
    Ours,
    /// Another machine let go of it.
    Free(Box<Note>),
    /// Another machine has it, or had it when it died.
    Theirs(Option<Box<Note>>),
}

impl Remote {
    /// Looks who has a run.
    ///
    /// # Errors
    /// [`NotAnchored::Unreachable`]
    pub fn holding(&self, run: RunId) -> Result<Holding, NotAnchored> {
        let name = lease(run);
        let seen = format!("refs/runbook/seen/{run}");
        let listed = self.git(&["ls-remote", "--", &self.url, &name])?;
        if !listed.success {
            return Err(self.unreachable(super::git::complaint(&listed.err)));
        }
        let Some(there) = listed.out.split_whitespace().next().and_then(|id| Oid::from_str(id).ok()) else {
            return Ok(Holding::None);
        };
        let git = self.repository()?;
        if target(&git, &name)? == Some(there) && self.note(&git, there).is_some_and(|note| self.is_ours(&git, &note)) {
            return Ok(Holding::Ours);
        }
        let fetched = self.git(&["fetch", "--quiet", "--no-tags", "--", &self.url, &format!("+{name}:{seen}")])?;
        if !fetched.success {
            return Err(self.unreachable(super::git::complaint(&fetched.err)));
        }
        let id = target(&git, &seen)?.unwrap_or(there);
        // The one that a push of ours has to replace.
        git.reference(&name, id, true, "")?;
        match self.note(&git, id).filter(|note| note.run == run) {
            Some(note) if !note.held => Ok(Holding::Free(Box::new(note))),
            note => Ok(Holding::Theirs(note.map(Box::new))),
        }
    }

    /// Writes a new lease here, to be pushed in the place of the one that is remembered.
    pub(super) fn write_note(&self, git: &Repository, run: RunId, name: &str, held: bool) -> Result<Oid, git2::Error> {
        let mut nonce = [0; 16];
        let random = rustix::rand::getrandom(&mut nonce, rustix::rand::GetRandomFlags::empty());
        if random.is_err() {
            return Err(git2::Error::from_str("the kernel gives no random number"));
        }
        let trail = self.trail(git)?.trim_start_matches("refs/heads/trails/").to_owned();
        let nonce = nonce.iter().map(|byte| format!("{byte:02x}")).collect();
        let (name, host) = (name.to_owned(), self.host.clone());
        let note = Note { v: 1, run, name, host, at: Timestamp::now(), held, trail, nonce };
        git.blob(&serde_json::to_vec(&note).map_err(|error| git2::Error::from_str(&error.to_string()))?)
    }

    fn note(&self, git: &Repository, id: Oid) -> Option<Note> {
        let blob = git.find_blob(id).ok()?;
        serde_json::from_slice(blob.content()).ok()
    }

    fn is_ours(&self, git: &Repository, note: &Note) -> bool {
        self.trail(git).is_ok_and(|trail| trail.strip_prefix("refs/heads/trails/") == Some(note.trail.as_str()))
    }
}
