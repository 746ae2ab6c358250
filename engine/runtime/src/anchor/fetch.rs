//! What another machine pushed, brought here.

use git2::{Oid, Repository};
use runbook_model::id::RunId;

use super::git::complaint;
use super::memory::{anchored, target};
use super::refusal::NotAnchored;
use super::remote::{Remote, branch};
use crate::audit::lineage::descends;
use crate::audit::verify::Request;
use crate::journal::LAST;

/// A run that was brought here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// The run.
    pub run: RunId,
    /// The tip of its branch there.
    pub tip: Oid,
    /// Whether it holds more than the branch here.
    pub new: bool,
}

impl Remote {
    /// The run there whose id begins with `prefix`, or the newest for [`LAST`].
    ///
    /// # Errors
    /// [`NotAnchored::NoSuchRun`] when there is none, or there are several; [`NotAnchored::Unreachable`].
    pub fn find(&self, prefix: &str) -> Result<RunId, NotAnchored> {
        let nowhere = |run: String| NotAnchored::NoSuchRun { url: self.shown(), run };
        if let Ok(run) = prefix.parse() {
            return self.pointed(&branch(run))?.map(|_| run).ok_or_else(|| nowhere(prefix.to_owned()));
        }
        let listed = self.git(&["ls-remote", "--", &self.url, "refs/heads/runs/*"])?;
        if !listed.success {
            return Err(self.unreachable(complaint(&listed.err)));
        }
        let names = listed.out.lines().filter_map(|line| line.split_once("refs/heads/runs/").map(|(_, id)| id));
        if prefix == LAST {
            let newest = names.filter_map(|id| id.parse().ok()).max();
            return newest.ok_or_else(|| nowhere("last".to_owned()));
        }
        let mut fitting = names.filter(|id| id.starts_with(prefix)).filter_map(|id| id.parse().ok());
        match (fitting.next(), fitting.next()) {
            (Some(run), None) => Ok(run),
            (None, _) => Err(nowhere(prefix.to_owned())),
            (Some(_), Some(_)) => Err(nowhere(format!("{prefix}… (several begin so)"))),
        }
    }

    /// Brings what the remote holds of a run here, beside what is here of it, when all of it is sound as `request` wants it
    /// and continues what is here. [`Remote::accept`] then makes it the branch of the run.
    ///
    /// # Errors
    /// [`NotAnchored`]; nothing of what is here was changed.
    pub fn fetch(&self, run: RunId, request: &Request<'_>) -> Result<Fetched, NotAnchored> {
        let name = branch(run);
        let git = self.repository()?;
        let nowhere = || NotAnchored::NoSuchRun { url: self.shown(), run: run.to_string() };
        let there = self.brought(&git, &name)?.ok_or_else(nowhere)?;
        let here = target(&git, &name)?;
        let findings = self.judged(run, there, request)?;
        if !findings.is_empty() {
            return Err(NotAnchored::Unsound { url: self.shown(), run, findings });
        }
        let new = match here {
            None => true,
            Some(here) if descends(&git, here, there)? => false,
            Some(here) if descends(&git, there, here)? => true,
            Some(_) => {
                let repository = self.archive.display().to_string();
                return Err(NotAnchored::Diverged { url: self.shown(), branch: name, repository });
            }
        };
        Ok(Fetched { run, tip: there, new })
    }

    /// Makes what was fetched the branch of the run here.
    ///
    /// # Errors
    /// [`NotAnchored::Archive`], also when the branch moved meanwhile.
    pub fn accept(&self, fetched: &Fetched) -> Result<(), NotAnchored> {
        let (git, name, tip) = (self.repository()?, branch(fetched.run), fetched.tip);
        if fetched.new {
            self.moving(&[&name], || match target(&git, &name)? {
                None => Ok(git.reference(&name, tip, false, "").map(drop)?),
                Some(here) if descends(&git, tip, here)? => Ok(git.reference_matching(&name, tip, true, here, "").map(drop)?),
                Some(_) => Err(NotAnchored::Archive(format!("`{name}` moved meanwhile"))),
            })?;
        }
        // Else `runbook push` would want to bring there what came from there.
        self.remember(&git, &[(anchored(&name), tip)])
    }

    /// Brings what a reference of the remote points at here, and says what that is; `None` when there is no such reference.
    ///
    /// No reference is written here (but `FETCH_HEAD`, which nobody reads): git would do that under a lock which it leaves behind
    /// when it is killed.
    pub(super) fn brought(&self, git: &Repository, name: &str) -> Result<Option<Oid>, NotAnchored> {
        let Some(there) = self.pointed(name)? else { return Ok(None) };
        let fetched = self.git(&["fetch", "--quiet", "--no-tags", "--", &self.url, name])?;
        if !fetched.success {
            return Err(self.unreachable(complaint(&fetched.err)));
        }
        match git.odb()?.exists(there) {
            true => Ok(Some(there)),
            // It was moved, and not onwards, between our two looks.
            false => Err(self.unreachable(format!("`{name}` is being moved there; try again"))),
        }
    }

    /// Where a reference of the remote points; `None` when there is no such reference.
    pub(super) fn pointed(&self, name: &str) -> Result<Option<Oid>, NotAnchored> {
        let listed = self.git(&["ls-remote", "--", &self.url, name])?;
        if !listed.success {
            return Err(self.unreachable(complaint(&listed.err)));
        }
        // What is asked for is a pattern: `x/<name>` fits it as well.
        let found = listed.out.lines().filter_map(|line| line.split_once('\t')).find(|(_, found)| *found == name);
        Ok(found.and_then(|(id, _)| Oid::from_str(id).ok()))
    }
}
