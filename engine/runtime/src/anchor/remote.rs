//! Where the copy is, and what is called what there.

use std::path::{Path, PathBuf};

use git2::Repository;
use runbook_model::id::RunId;

use super::git::{self, Asking, Done};
use super::memory::{FOUNDING, target};
use super::refusal::NotAnchored;
use crate::audit::durable;

/// A remote repository, seen from the archive of a state directory.
#[derive(Debug, Clone)]
pub struct Remote {
    pub(super) url: String,
    pub(super) archive: PathBuf,
    pub(super) host: String,
    pub(super) asking: Asking,
}

impl Remote {
    /// The remote at `url` (anything that git takes), for the archive of a state directory on this host.
    #[must_use]
    pub fn new(url: &str, archive: &Path, host: &str) -> Self {
        Self { url: url.to_owned(), archive: archive.to_owned(), host: host.to_owned(), asking: Asking::Person }
    }

    /// The same, with nobody there to ask and no more patience than that.
    #[must_use]
    pub fn unattended(&self, patience: std::time::Duration) -> Self {
        Self { asking: Asking::Nobody(patience), ..self.clone() }
    }

    /// Where it is, as it was named.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The same for people to see, in a terminal or in what a CI system keeps of it: without a password, and for HTTP, where a
    /// name may be a token, without the name, as git shows it.
    #[must_use]
    pub fn shown(&self) -> String {
        shown(&self.url)
    }

    pub(super) fn repository(&self) -> Result<Repository, git2::Error> {
        // What is remembered here before a push must be here after a power cut.
        durable::flush_everything();
        Repository::open_bare(&self.archive)
    }

    pub(super) fn git(&self, arguments: &[&str]) -> Result<Done, NotAnchored> {
        git::run(&self.archive, self.asking, arguments).map_err(|why| self.unreachable(why))
    }

    pub(super) fn unreachable(&self, why: String) -> NotAnchored {
        NotAnchored::Unreachable { url: self.shown(), why }
    }

    /// The branch there that is `main` here: the name of this trail.
    pub(super) fn trail(&self, git: &Repository) -> Result<String, NotAnchored> {
        let founding = match target(git, FOUNDING)? {
            Some(id) => id,
            None => {
                let mut commit = git.find_reference("refs/heads/main")?.peel_to_commit()?;
                while let Ok(before) = commit.parent(0) {
                    commit = before;
                }
                self.remember(git, &[(FOUNDING.to_owned(), commit.id())])?;
                commit.id()
            }
        };
        let host: String =
            self.host.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).take(40).collect();
        let host = host.trim_matches('-');
        let host = if host.is_empty() { "host" } else { host };
        Ok(format!("refs/heads/trails/{host}-{}", &founding.to_string()[..10]))
    }
}

/// What may be shown of a URL.
#[must_use]
pub fn shown(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let Some((login, host)) = host.rsplit_once('@') else { return url.to_owned() };
    let name = login.split(':').next().filter(|_| !scheme.to_ascii_lowercase().starts_with("http"));
    let name = name.map(|name| format!("{name}@")).unwrap_or_default();
    format!("{scheme}://{name}{host}{path}")
}

/// The branch of a run, here and there.
pub(super) fn branch(run: RunId) -> String {
    format!("refs/heads/runs/{run}")
}
