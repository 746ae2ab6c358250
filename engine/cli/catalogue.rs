//! Which runbooks there are: `.rhai` files below the configured directories, by name.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use runbook_model::parameter::nearest;

use crate::failure::Failure;

/// Directories are searched to this depth; deeper ones are somebody's archive.
const DEEPEST: usize = 6;

/// The runbooks of a repository.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Catalogue {
    /// Each name with its file, relative to the root: `rollback-api` or `db/failover`.
    runbooks: BTreeMap<String, String>,
}

impl Catalogue {
    /// Looks through directories. When two hold the same name, the first one wins.
    ///
    /// Files and directories whose names begin with `_` or `.` hold no runbooks: modules live in `_lib`.
    /// Nor do files whose names end in `.test.rhai` or `.d.rhai`: the tests of a runbook, and definitions for editors.
    /// Links are not followed out of the tree: what stands in the audit trail is what lies below the root.
    #[must_use]
    pub fn find(root: &Path, directories: &[PathBuf]) -> Self {
        let mut catalogue = Self::default();
        for directory in directories {
            catalogue.search(root, directory, directory, 0);
        }
        catalogue
    }

    /// Whether a runbook of this name is found again once it is written: its file is not taken for one of the tests or of the
    /// definitions, and does not lie too deep.
    #[must_use]
    pub fn would_find(name: &str) -> bool {
        name.split('/').count() <= DEEPEST + 1 && !is_aside(Path::new(&format!("{name}.rhai")))
    }

    /// Every name with its file, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.runbooks.iter().map(|(name, file)| (name.as_str(), file.as_str()))
    }

    /// The name and file of a runbook that a person named, or gave the path of.
    ///
    /// # Errors
    /// There is none, with the nearest; or the path is outside of the root.
    pub fn resolve(&self, root: &Path, cwd: &Path, given: &str) -> Result<(String, String), Failure> {
        if let Some(file) = self.runbooks.get(given) {
            return Ok((given.to_owned(), file.clone()));
        }
        if given.ends_with(".rhai") {
            return self.outside(root, cwd, given);
        }
        let near = nearest(given, self.runbooks.keys().map(String::as_str));
        Err(Failure::usage(format!("there is no runbook `{given}`")).meant(near).hint("runbook list"))
    }

    /// A file that was given by its path: its stem is its name.
    fn outside(&self, root: &Path, cwd: &Path, given: &str) -> Result<(String, String), Failure> {
        let path = cwd.join(given).canonicalize().map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => {
                Failure::usage(format!("there is no file `{given}`")).meant(self.near_file(given)).hint("runbook list")
            }
            _ => Failure::usage(format!("cannot read `{given}`: {error}")),
        })?;
        let root = root.canonicalize().unwrap_or_else(|_| root.to_owned());
        let file = path.strip_prefix(&root).ok().and_then(Path::to_str).ok_or_else(|| {
            Failure::usage(format!("`{given}` is outside of the root `{}`", root.display()))
                .hint("name another root: `--root DIR`")
        })?;
        let name = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or(file);
        Ok((name.to_owned(), file.to_owned()))
    }

    /// The file whose stem is nearest to that of a path: directories and ends are alike in most of them.
    fn near_file(&self, given: &str) -> Option<&str> {
        let stem = |path: &'_ str| Path::new(path).file_stem().and_then(|stem| stem.to_str()).map(str::to_owned);
        let stems: BTreeMap<_, _> = self.runbooks.values().filter_map(|file| Some((stem(file)?, file.as_str()))).collect();
        let near = nearest(&stem(given)?, stems.keys().map(String::as_str))?;
        stems.get(near).copied()
    }

    fn search(&mut self, root: &Path, top: &Path, directory: &Path, depth: usize) {
        let mut entries: Vec<_> = fs::read_dir(directory).into_iter().flatten().flatten().collect();
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let Ok(kind) = entry.file_type() else { continue };
            if entry.file_name().as_encoded_bytes().starts_with(b".") || entry.file_name().as_encoded_bytes().starts_with(b"_") {
                continue;
            }
            let path = entry.path();
            if kind.is_dir() && depth < DEEPEST {
                self.search(root, top, &path, depth + 1);
            } else if kind.is_file() && path.extension().is_some_and(|extension| extension == "rhai") && !is_aside(&path) {
                let name = path.strip_prefix(top).ok().and_then(|name| name.with_extension("").to_str().map(str::to_owned));
                let file = path.strip_prefix(root).ok().and_then(Path::to_str);
                if let (Some(name), Some(file)) = (name, file) {
                    self.runbooks.entry(name).or_insert_with(|| file.to_owned());
                }
            }
        }
    }
}

/// Whether runbooks in a directory can be run: one outside of the root cannot, as nothing of it would stand in the audit trail,
/// and where the way to it goes up again nobody would know without the disk which file a name in the trail means.
#[must_use]
pub fn is_inside(root: &Path, directory: &Path) -> bool {
    directory.strip_prefix(root).is_ok_and(|below| below.components().all(|part| part != Component::ParentDir))
}

/// Whether a file belongs to the tests of a runbook, `NAME.test.rhai`, or defines something for editors, `NAME.d.rhai`.
fn is_aside(path: &Path) -> bool {
    let stem = path.file_stem().map(std::ffi::OsStr::as_encoded_bytes).unwrap_or_default();
    stem.ends_with(b".test") || stem.ends_with(b".d")
}

#[cfg(test)]
mod tests {
    use super::*;
    use tempfile::TempDir;

    fn repository() -> TempDir {
        let dir = TempDir::new().unwrap();
        for file in [
            "runbooks/api.rhai",
            "runbooks/db/failover.rhai",
            "runbooks/_lib/x.rhai",
            "runbooks/notes.md",
            "runbooks/api.test.rhai",
            "runbooks/http.d.rhai",
            "more/api.rhai",
            "one.rhai",
        ] {
            let path = dir.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        dir
    }

    #[test]
    fn names_are_paths_below_the_configured_directories() {
        let dir = repository();
        let catalogue =
            Catalogue::find(dir.path(), &[dir.path().join("runbooks"), dir.path().join("more"), dir.path().join("gone")]);
        let found: Vec<_> = catalogue.iter().collect();
        assert_eq!(found, [("api", "runbooks/api.rhai"), ("db/failover", "runbooks/db/failover.rhai")]);
    }

    #[test]
    fn a_name_a_path_and_a_slip() {
        let dir = repository();
        let catalogue = Catalogue::find(dir.path(), &[dir.path().join("runbooks")]);
        let resolve = |given: &str| catalogue.resolve(dir.path(), dir.path(), given);
        assert_eq!(resolve("db/failover").unwrap().1, "runbooks/db/failover.rhai");
        assert_eq!(resolve("./one.rhai").unwrap(), ("one".to_owned(), "one.rhai".to_owned()));
        assert!(resolve("db/failovr").unwrap_err().rendered(crate::output::style::Palette::plain()).contains("`db/failover`"));
        assert!(resolve("../../etc/x.rhai").is_err() && resolve("/etc/passwd").is_err());
        let elsewhere = TempDir::new().unwrap();
        fs::write(elsewhere.path().join("x.rhai"), "").unwrap();
        let path = elsewhere.path().join("x.rhai");
        assert!(resolve(path.to_str().unwrap()).unwrap_err().to_string().contains("outside of the root"));
    }
}
