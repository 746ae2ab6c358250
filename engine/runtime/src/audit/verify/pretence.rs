//! What has git itself show another history than its commits tell.

use std::fs;
use std::path::Path;

use git2::Repository;

use super::Verified;
use super::finding::{Flawed, Place};

/// Names it. None of it changes what is verified here: who reads the same repository with `git log` is who would be deceived.
pub(super) fn check(git: &Repository, repository: &Path, verified: &mut Verified) {
    let replaced = git
        .references_glob("refs/replace/*")
        .and_then(|mut found| found.names().map(|name| name.map(str::to_owned)).collect::<Result<Vec<_>, _>>());
    let mut found = |path: String, way_out| verified.findings.push(Place::default().path(path).found(Flawed::Pretence(way_out)));
    match replaced {
        Ok(names) => names.into_iter().for_each(|name| found(name, "remove it")),
        Err(error) => verified.findings.push(Place::default().path("refs/replace").unreadable(&error)),
    }
    for (file, way_out) in [("info/grafts", "remove it"), ("shallow", "it comes from `clone --depth`: clone all of it")] {
        if fs::symlink_metadata(repository.join(file)).is_ok() {
            verified.findings.push(Place::default().path(file).found(Flawed::Pretence(way_out)));
        }
    }
}
