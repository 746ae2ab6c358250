//! Directories as git trees, built path by path: what a path does not touch keeps its id and is never read.

use std::collections::BTreeMap;

use git2::{ErrorCode, Oid, Repository, Tree};

use super::directory::Directory;
use super::staging::Staging;

/// Files that are staged, by path (parts separated by `/`), as one tree.
pub(super) fn of_files(staging: &Staging<'_>, files: &BTreeMap<String, Oid>) -> Result<Oid, git2::Error> {
    let files: Vec<File<'_>> = files.iter().map(|(path, id)| (path.split('/').collect(), *id)).collect();
    level(staging, &files, 0)
}

/// A file by the parts of its path.
type File<'f> = (Vec<&'f str>, Oid);

fn level(staging: &Staging<'_>, files: &[File<'_>], depth: usize) -> Result<Oid, git2::Error> {
    let mut directory = Directory::default();
    // Grouped by name and not by neighbourhood: `a-b` sorts between `a` and `a/b`.
    let mut directories: BTreeMap<&str, Vec<File<'_>>> = BTreeMap::new();
    for (path, id) in files {
        if path.len() == depth + 1 {
            directory.put_file(path[depth], *id);
        } else {
            directories.entry(path[depth]).or_default().push((path.clone(), *id));
        }
    }
    for (name, below) in directories {
        if directory.has(name) {
            return Err(git2::Error::from_str(&format!("`{name}` is both a file and a directory")));
        }
        directory.put_directory(name, level(staging, &below, depth + 1)?);
    }
    staging.tree(&directory)
}

/// The tree `base`, which is stored, with `directory` at `path`; everything else stays as it is.
pub(super) fn spliced(staging: &Staging<'_>, base: Option<Oid>, path: &[String], directory: Oid) -> Result<Oid, git2::Error> {
    let Some((name, rest)) = path.split_first() else { return Ok(directory) };
    let mut tree = match base {
        None => Directory::default(),
        Some(base) => {
            let read = Directory::read(staging.repository().odb()?.read(base)?.data());
            read.ok_or_else(|| git2::Error::from_str(&format!("the directory {base} cannot be read")))?
        }
    };
    let below = spliced(staging, tree.directory(name), rest, directory)?;
    tree.put_directory(name, below);
    staging.tree(&tree)
}

/// The directory at `path`, if there is one.
pub(super) fn below(repository: &Repository, tree: &Tree<'_>, path: &[String]) -> Result<Option<Oid>, git2::Error> {
    match tree.get_path(std::path::Path::new(&path.join("/"))) {
        Ok(entry) => repository.find_tree(entry.id()).map(|tree| Some(tree.id())),
        Err(error) if error.code() == ErrorCode::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// The content of the file `name` in a tree, if there is one.
pub(super) fn file(repository: &Repository, tree: Oid, name: &str) -> Result<Option<Vec<u8>>, git2::Error> {
    let tree = repository.find_tree(tree)?;
    let Some(entry) = tree.get_name(name) else { return Ok(None) };
    repository.find_blob(entry.id()).map(|blob| Some(blob.content().to_vec()))
}
