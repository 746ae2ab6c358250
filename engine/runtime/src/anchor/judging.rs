//! What another machine pushed is checked before it becomes part of the archive here.

use std::path::Path;

use git2::{Oid, Repository};
use runbook_model::id::RunId;

use super::refusal::NotAnchored;
use super::remote::{Remote, branch};
use crate::audit::verify::{Finding, Flawed, Request, verify};

impl Remote {
    /// What does not fit in a run that was fetched: its branch alone, in a repository of its own that borrows the objects.
    pub(super) fn judged(&self, run: RunId, tip: Oid, request: &Request<'_>) -> Result<Vec<Finding>, NotAnchored> {
        let io = |error: std::io::Error| NotAnchored::Archive(error.to_string());
        let directory = tempfile::tempdir().map_err(io)?;
        let path = directory.path().join("run.git");
        let alone = Repository::init_bare(&path)?;
        let objects = std::path::absolute(self.archive.join("objects")).map_err(io)?;
        lend(&objects, &path).map_err(io)?;
        drop(alone);
        Repository::open_bare(&path)?.reference(&branch(run), tip, false, "")?;
        let verified =
            verify(&path, &Request { run: Some(run), journal: None, since: None, remembered: None, ..request.clone() })
                .map_err(|unusable| NotAnchored::Archive(unusable.to_string()))?;
        // A run on its way has no `main` with it.
        let counts = |finding: &Finding| !(finding.place.run.is_none() && finding.flaw == Flawed::Missing);
        Ok(verified.findings.into_iter().filter(counts).collect())
    }
}

fn lend(objects: &Path, to: &Path) -> std::io::Result<()> {
    use std::os::unix::ffi::OsStrExt as _;
    let mut line = objects.as_os_str().as_bytes().to_vec();
    line.push(b'\n');
    std::fs::write(to.join("objects/info/alternates"), line)
}
