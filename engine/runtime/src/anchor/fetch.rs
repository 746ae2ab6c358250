//! What another machine pushed, brought here.

use git2::{Oid, Repository};
use runbook_model::id::RunId;

use super::git::complaint;
use super::refusal::NotAnchored;
use super::remote::{Remote, branch, target};
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
        let listed = self.git(&["ls-remote", "--", &self.url, "refs/heads/runs/*"])?;
        if !listed.success {
            return Err(self.unreachable(complaint(&listed.err)));
        }
        let names = listed.out.lines().filter_map(|line| line.split_once("refs/heads/runs/").map(|(_, id)| id));
        if prefix == LAST {
            let newest = names.filter_map(|id| id.parse().ok()).max();
            return newest.ok_or_else(|| NotAnchored::NoSuchRun { url: self.url.clone(), run: "last".to_owned() });
        }
        let mut fitting = names.filter(|id| id.starts_with(prefix)).filter_map(|id| id.parse().ok());
        match (fitting.next(), fitting.next()) {
            (Some(run), None) => Ok(run),
            (None, _) => Err(NotAnchored::NoSuchRun { url: self.url.clone(), run: prefix.to_owned() }),
            (Some(_), Some(_)) => {
                Err(NotAnchored::NoSuchRun { url: self.url.clone(), run: format!("{prefix}… (several begin so)") })
            }
        }
    }

    /// Brings what the remote holds of a run here, beside what is here of it, when all of it is sound as `request` wants it
    /// and continues what is here. [`Remote::accept`] then makes it the branch of the run.
    ///
    /// # Errors
    /// [`NotAnchored`]; nothing of what is here was changed.
    pub fn fetch(&self, run: RunId, request: &Request<'_>) -> Result<Fetched, NotAnchored> {
        let name = branch(run);
        let theirs = theirs(run);
        let fetched = self.git(&["fetch", "--quiet", "--no-tags", "--", &self.url, &format!("+{name}:{theirs}")])?;
        if !fetched.success {
            return Err(match fetched.err.contains("couldn't find remote ref") {
                true => NotAnchored::NoSuchRun { url: self.url.clone(), run: run.to_string() },
                false => self.unreachable(complaint(&fetched.err)),
            });
        }
        let git = self.repository()?;
        let there = target(&git, &theirs)?.ok_or_else(|| NotAnchored::Archive(format!("`{theirs}` is not there")))?;
        let here = target(&git, &name)?;
        let findings = self.judged(run, there, request)?;
        if !findings.is_empty() {
            return Err(NotAnchored::Unsound { url: self.url.clone(), run, findings });
        }
        let new = match here {
            None => true,
            Some(here) if descends(&git, here, there)? => false,
            Some(here) if descends(&git, there, here)? => true,
            Some(_) => {
                let repository = self.archive.display().to_string();
                return Err(NotAnchored::Diverged { url: self.url.clone(), branch: name, repository });
            }
        };
        Ok(Fetched { run, tip: there, new })
    }

    /// Makes what was fetched the branch of the run here.
    ///
    /// # Errors
    /// [`NotAnchored::Archive`], also when the branch moved meanwhile.
    pub fn accept(&self, fetched: &Fetched) -> Result<(), NotAnchored> {
        if !fetched.new {
            return Ok(());
        }
        let (git, name) = (self.repository()?, branch(fetched.run));
        match target(&git, &name)? {
            None => git.reference(&name, fetched.tip, false, "")?,
            Some(here) if descends(&git, fetched.tip, here)? => git.reference_matching(&name, fetched.tip, true, here, "")?,
            Some(_) => return Err(NotAnchored::Archive(format!("`{name}` moved meanwhile"))),
        };
        Ok(())
    }
}

/// Where what the remote holds of a run is kept, beside what is here.
fn theirs(run: RunId) -> String {
    format!("refs/runbook/theirs/{run}")
}

fn descends(git: &Repository, commit: Oid, from: Oid) -> Result<bool, git2::Error> {
    Ok(commit == from || git.graph_descendant_of(commit, from)?)
}
