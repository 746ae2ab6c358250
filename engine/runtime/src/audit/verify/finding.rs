//! What does not fit, and where.

use std::fmt;

use runbook_model::id::{RunId, Seq};

use crate::audit::reading::{Flaw, Unreadable};

/// Something in an audit trail does not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Where.
    pub place: Place,
    /// What.
    pub flaw: Flawed,
}

/// Where something was found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Place {
    /// The run.
    pub run: Option<RunId>,
    /// The commit, in hexadecimal digits.
    pub commit: Option<String>,
    /// The file or directory in that commit.
    pub path: Option<String>,
    /// The record of the journal.
    pub record: Option<Seq>,
    /// The byte of the journal where that record begins.
    pub offset: Option<u64>,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Flawed {
    /// A reference, commit, tree or file cannot be read.
    #[error("cannot be read: {0}")]
    Unreadable(String),
    /// A record of a journal is not sound.
    #[error("{0}")]
    Record(Flaw),
    /// A file or directory that must be there is not.
    #[error("is missing")]
    Missing,
    /// A file or directory that must not be there is.
    #[error("does not belong here")]
    Stray,
    /// A file is not what the journal says.
    #[error("is not what the journal says: {0}")]
    Content(&'static str),
    /// A trailer of a commit is not what the journal says.
    #[error("trailer `{name}` says `{says}`, the journal says `{journal}`")]
    Trailer {
        /// Its name.
        name: &'static str,
        /// What it says.
        says: String,
        /// What the journal says.
        journal: String,
    },
    /// The journal of a commit does not begin with that of the commit before it.
    #[error("differs from the journal of the commit before it ({0}), which was sealed already")]
    Rewritten(String),
    /// The journal of a commit is shorter than that of the commit before it.
    #[error("is shorter than in the commit before it ({0})")]
    Shortened(String),
    /// Whoever reads the trail with git is shown something else than what is in it.
    #[error("makes `git` show another history than the trail holds: {0}")]
    Pretence(&'static str),
    /// `main` lost something.
    #[error("was removed since the commit before ({0})")]
    Removed(String),
    /// `main` changed something that a run's end does not touch.
    #[error("was changed since the commit before ({0}), by a commit that concludes something else")]
    Changed(String),
    /// A commit of `main` is not the merge of a run that ended.
    #[error("is not the merge of one run that ended: {0}")]
    NotAMerge(&'static str),
    /// What `main` holds of a run is not what the merged commit holds.
    #[error("is not what the merged commit {0} holds")]
    NotMerged(String),
    /// The branch of a run is gone, or does not hold what was merged.
    #[error("the branch `runs/{run}` is missing, or was moved away from the commit that was merged ({merged})")]
    Branch {
        /// The run.
        run: RunId,
        /// What was merged.
        merged: String,
    },
    /// What was pushed of a run is not part of it here any more.
    #[error("was pushed, and is not on the branch of its run here any more: that was removed, or moved; the remote has it")]
    Lost,
    /// `main` does not descend from the commit that somebody remembers.
    #[error("`main` does not descend from `{0}`: its history was rewritten, or this is another archive")]
    NotAnAncestor(String),
    /// `main` does not descend from where we left it.
    #[error("`main` does not descend from {0}, where this machine left it: its history was rewritten")]
    Forgotten(String),
    /// A commit is not signed, and has to be.
    #[error("is not signed, and has to be")]
    Unsigned,
    /// What a person did is not signed by them, and has to be.
    #[error("is not signed by the person who did it, and has to be")]
    UnsignedAct,
    /// A signature proves nothing.
    #[error("its signature does not count: {0}")]
    Signature(String),
    /// A statement stands where nothing is stated.
    #[error("its statement is not about the record beside it: one of the two was moved or changed")]
    Statement,
    /// There is no such run.
    #[error("the audit trail has no such run")]
    NoSuchRun,
    /// The journal in the state directory ends before what is sealed.
    #[error("has {has} records, {sealed} are sealed: it was cut")]
    StateCut {
        /// How many it has.
        has: u64,
        /// How many are sealed.
        sealed: u64,
    },
    /// The journal in the state directory holds something else than what is sealed.
    #[error("is not the record that was sealed: it was edited")]
    StateEdited,
}

impl Place {
    pub(super) fn commit(id: impl ToString) -> Self {
        Self { commit: Some(id.to_string()), ..Self::default() }
    }

    pub(super) fn run(mut self, run: RunId) -> Self {
        self.run = Some(run);
        self
    }

    pub(super) fn path(mut self, path: impl Into<String>) -> Self {
        self.path = Some(path.into());
        self
    }

    pub(super) fn record(mut self, record: Seq, offset: u64) -> Self {
        self.record = Some(record);
        self.offset = Some(offset);
        self
    }

    pub(super) fn found(self, flaw: Flawed) -> Finding {
        Finding { place: self, flaw }
    }

    pub(super) fn unsound(self, unreadable: Unreadable) -> Finding {
        self.record(unreadable.record, unreadable.offset).found(Flawed::Record(unreadable.flaw))
    }

    pub(super) fn unreadable(self, error: &git2::Error) -> Finding {
        self.found(Flawed::Unreadable(error.message().to_owned()))
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = &self.place;
        let mut parts = Vec::new();
        parts.extend(place.run.map(|run| format!("run {run}")));
        parts.extend(place.commit.as_ref().map(|commit| format!("commit {}", &commit[..commit.len().min(12)])));
        parts.extend(place.path.as_ref().map(|path| format!("`{path}`")));
        parts.extend(place.record.map(|record| match place.offset {
            Some(offset) => format!("record {record} (byte {offset})"),
            None => format!("record {record}"),
        }));
        if !parts.is_empty() {
            write!(f, "{}: ", parts.join(", "))?;
        }
        fmt::Display::fmt(&self.flaw, f)
    }
}
