//! Who has a run, for all machines to see.

use git2::{Oid, Repository};
use jiff::Timestamp;
use runbook_model::id::RunId;
use serde::{Deserialize, Serialize};

use super::memory::{lease, offered, target};
use super::refusal::NotAnchored;
use super::remote::Remote;

/// Of more leases in a row nobody remembers that they were offered.
const LONGEST: usize = 64;

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
    /// The lease that was there, as far as was known when this one was offered in its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<String>,
    /// The lease that was offered before this one, if it was not known then what had become of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// Different in every lease that was ever written, so that each is another value to compare with.
    pub nonce: String,
}

/// How a run's lease stands to us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Holding {
    /// There is none: the run was never pushed.
    None,
    /// It is the one that we wrote last, as far as we know or without our knowing.
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
        let Some(there) = self.pointed(&name)? else { return Ok(Holding::None) };
        let git = self.repository()?;
        if self.adopted(&git, run, there)? {
            return Ok(Holding::Ours);
        }
        let Some(id) = self.brought(&git, &name)? else { return Ok(Holding::None) };
        // The one that a push of ours has to replace.
        self.remember(&git, &[(name, id)])?;
        match self.note(&git, id).filter(|note| note.run == run) {
            Some(note) if !note.held => Ok(Holding::Free(Box::new(note))),
            note => Ok(Holding::Theirs(note.map(Box::new))),
        }
    }

    /// Whether the lease that is at the remote is ours: the last one that we know of, perhaps from another process; or one that
    /// we offered without hearing what became of it, because the connection was lost, or this program was killed, between the
    /// remote's deed and our knowing. That is known from here on.
    pub(super) fn adopted(&self, git: &Repository, run: RunId, there: Oid) -> Result<bool, NotAnchored> {
        if target(git, &lease(run))? == Some(there) {
            return Ok(self.note(git, there).is_some_and(|note| self.is_ours(git, &note)));
        }
        let ours = self.unsettled(git, run)?.contains(&there);
        if ours {
            self.remember(git, &[(lease(run), there)])?;
        }
        Ok(ours)
    }

    /// Whether the lease that is known here is another machine's, which has not let go of the run.
    pub(super) fn is_held_elsewhere(&self, git: &Repository, run: RunId) -> Result<bool, NotAnchored> {
        let theirs = |note: Note| note.held && !self.is_ours(git, &note);
        Ok(target(git, &lease(run))?.is_some_and(|id| self.note(git, id).is_none_or(theirs)))
    }

    /// The leases that we offered since one is known to be at the remote, newest first.
    fn unsettled(&self, git: &Repository, run: RunId) -> Result<Vec<Oid>, NotAnchored> {
        let settled = target(git, &lease(run))?;
        let mut next = target(git, &offered(run))?;
        let mut open = Vec::new();
        while let Some(id) = next.filter(|id| Some(*id) != settled && open.len() < LONGEST) {
            open.push(id);
            next = self.note(git, id).and_then(|note| Oid::from_str(&note.after?).ok());
        }
        Ok(open)
    }

    /// Writes a new lease here, to be pushed in the place of the expected one, and remembers that it may come to be there.
    pub(super) fn offer(
        &self,
        git: &Repository,
        run: RunId,
        expected: Option<Oid>,
        name: &str,
        held: bool,
    ) -> Result<Oid, NotAnchored> {
        let mut nonce = [0; 16];
        let random = rustix::rand::getrandom(&mut nonce, rustix::rand::GetRandomFlags::empty());
        if random.is_err() {
            return Err(NotAnchored::Archive("the kernel gives no random number".to_owned()));
        }
        let trail = self.trail(git)?.trim_start_matches("refs/heads/trails/").to_owned();
        let nonce = nonce.iter().map(|byte| format!("{byte:02x}")).collect();
        let (name, host) = (name.to_owned(), self.host.clone());
        let replaces = expected.map(|id| id.to_string());
        let mut note = Note { v: 1, run, name, host, at: Timestamp::now(), held, trail, replaces, after: None, nonce };
        let offered = offered(run);
        self.moving(&[&offered], || {
            if let Some(last) = self.unsettled(git, run)?.first() {
                // Offered again as it is: if it is there, git finds nothing to do, however long the remote was out of reach. But
                // not in the place of another one: it may have been there before that, and who saw it then would take it for what
                // they saw.
                let same = |it: &Note| it.held == held && it.name == note.name && it.replaces == note.replaces;
                if self.note(git, *last).is_some_and(|it| same(&it)) {
                    return Ok(*last);
                }
                note.after = Some(last.to_string());
            }
            let id = git.blob(&serde_json::to_vec(&note).map_err(|error| NotAnchored::Archive(error.to_string()))?)?;
            git.reference(&offered, id, true, "")?;
            Ok(id)
        })
    }

    fn note(&self, git: &Repository, id: Oid) -> Option<Note> {
        let blob = git.find_blob(id).ok()?;
        serde_json::from_slice(blob.content()).ok()
    }

    fn is_ours(&self, git: &Repository, note: &Note) -> bool {
        self.trail(git).is_ok_and(|trail| trail.strip_prefix("refs/heads/trails/") == Some(note.trail.as_str()))
    }
}
