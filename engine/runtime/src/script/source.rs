//! Where the text of a runbook and its modules comes from.

use std::collections::BTreeMap;
use std::path::PathBuf;

/// The most that one file may hold, in bytes: parsing is quadratic in the number of variables and cannot be stopped.
pub const LARGEST: usize = 128 * 1024;

/// Gives the text of a file by its name.
pub trait SourceFiles {
    /// The text of `name`, which is relative to the root, with `/` between its parts and without `.` or `..`; names
    /// below `std/` belong to the engine.
    ///
    /// # Errors
    /// When there is no such file, or it may not be read.
    fn read(&self, name: &str) -> Result<String, Unreadable>;
}

/// A source file could not be read.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// There is none.
    #[error("there is no file `{name}`{}", if name.starts_with("std/") { " in the standard library" } else { "" })]
    Missing {
        /// Its name.
        name: String,
    },
    /// It leads out of the repository.
    #[error("`{name}` leads out of the runbook repository: a runbook can only use files inside it")]
    Outside {
        /// Its name.
        name: String,
    },
    /// It is too large.
    #[error("`{name}` has {size} bytes; a script file may have {LARGEST}: split it into modules")]
    TooLarge {
        /// Its name.
        name: String,
        /// Its size in bytes.
        size: u64,
    },
    /// It is no text.
    #[error("`{name}` is not UTF-8 text")]
    NotText {
        /// Its name.
        name: String,
    },
    /// The system refused.
    #[error("`{name}` cannot be read: {source}")]
    Io {
        /// Its name.
        name: String,
        /// Why.
        source: std::io::Error,
    },
}

/// A directory of runbooks, and the modules that come with the engine.
#[derive(Debug, Clone)]
pub struct Repository {
    /// The directory.
    pub root: PathBuf,
    /// The text of a module of the engine, by its name: `std/releases.rhai`.
    pub std: fn(&str) -> Option<&'static str>,
}

impl SourceFiles for Repository {
    fn read(&self, name: &str) -> Result<String, Unreadable> {
        if name.starts_with("std/") {
            let text = (self.std)(name).ok_or_else(|| Unreadable::Missing { name: name.to_owned() })?;
            return within_limit(name, text.to_owned());
        }
        let io = |source: std::io::Error| match source.kind() {
            std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory => Unreadable::Missing { name: name.to_owned() },
            _ => Unreadable::Io { name: name.to_owned(), source },
        };
        let root = self.root.canonicalize().map_err(io)?;
        // Symbolic links are followed before the comparison: one that leads out of the root would let a runbook that
        // was reviewed run text that was not.
        let file = root.join(name).canonicalize().map_err(io)?;
        if !file.starts_with(&root) {
            return Err(Unreadable::Outside { name: name.to_owned() });
        }
        let size = file.metadata().map_err(io)?.len();
        if size > LARGEST as u64 {
            return Err(Unreadable::TooLarge { name: name.to_owned(), size });
        }
        let bytes = std::fs::read(&file).map_err(io)?;
        let text = String::from_utf8(bytes).map_err(|_| Unreadable::NotText { name: name.to_owned() })?;
        within_limit(name, text)
    }
}

/// The texts that a run was started with.
#[derive(Debug, Clone, Default)]
pub struct Pinned(pub BTreeMap<String, String>);

impl SourceFiles for Pinned {
    fn read(&self, name: &str) -> Result<String, Unreadable> {
        pinned(&self.0, name)
    }
}

fn pinned(texts: &BTreeMap<String, String>, name: &str) -> Result<String, Unreadable> {
    let text = texts.get(name).ok_or_else(|| Unreadable::Missing { name: name.to_owned() })?;
    within_limit(name, text.clone())
}

fn within_limit(name: &str, text: String) -> Result<String, Unreadable> {
    if text.len() > LARGEST { Err(Unreadable::TooLarge { name: name.to_owned(), size: text.len() as u64 }) } else { Ok(text) }
}

/// The texts of one program, by name, in the order in which they were met: the entry comes first.
#[derive(Debug, Clone, Default)]
pub(super) struct Sources(Vec<(String, String)>);

impl Sources {
    pub(super) fn push(&mut self, name: &str, text: String) {
        self.0.push((name.to_owned(), text));
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.iter().find_map(|(known, text)| (known == name).then_some(text.as_str()))
    }

    pub(super) fn line(&self, name: &str, line: u32) -> Option<&str> {
        self.text(name)?.lines().nth(usize::try_from(line).ok()?.checked_sub(1)?)
    }

    pub(super) fn entry(&self) -> &str {
        self.0.first().map(|(name, _)| name.as_str()).unwrap_or_default()
    }

    pub(super) fn all(&self) -> &[(String, String)] {
        &self.0
    }
}

/// The name of the module that `importer` means by `path`, or why it may not.
pub(super) fn resolved(importer: &str, path: &str) -> Result<String, Unreadable> {
    let outside = || Unreadable::Outside { name: path.to_owned() };
    if path.is_empty() || path.starts_with('/') || path.contains(['\\', '\0']) {
        return Err(outside());
    }
    let of_std = path.starts_with("std/") || importer.starts_with("std/");
    let mut parts: Vec<&str> = Vec::new();
    if !path.starts_with("std/") {
        parts.extend(importer.split('/'));
        parts.pop();
    }
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop().ok_or_else(outside)?;
            }
            part => parts.push(part),
        }
    }
    let mut name = parts.join("/");
    if parts.is_empty() || of_std != name.starts_with("std/") {
        return Err(outside());
    }
    if !name.ends_with(".rhai") {
        name.push_str(".rhai");
    }
    Ok(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn imports_resolve_beside_the_importing_file_and_stay_inside() {
        let name = |importer, path| resolved(importer, path).ok();
        assert_eq!(name("api/roll.rhai", "lib/x").as_deref(), Some("api/lib/x.rhai"));
        assert_eq!(name("api/roll.rhai", "../lib/x.rhai").as_deref(), Some("lib/x.rhai"));
        assert_eq!(name("api/roll.rhai", "std/canary").as_deref(), Some("std/canary.rhai"));
        assert_eq!(name("std/canary.rhai", "releases").as_deref(), Some("std/releases.rhai"));
        for (importer, path) in [
            ("roll.rhai", "../secret"),
            ("api/roll.rhai", "../../etc/passwd"),
            ("roll.rhai", "/etc/passwd"),
            ("std/canary.rhai", "../deploy"),
            ("roll.rhai", "std/../deploy"),
            ("roll.rhai", "../std/x"),
            ("api/roll.rhai", "../std/x"),
            ("roll.rhai", ""),
            ("roll.rhai", ".."),
        ] {
            assert!(name(importer, path).is_none(), "{importer} {path}");
        }
    }

    #[test]
    fn a_symbolic_link_does_not_lead_out_of_the_repository() {
        let outside = tempfile::tempdir().expect("a directory");
        std::fs::write(outside.path().join("secret.rhai"), "1").expect("written");
        let inside = tempfile::tempdir().expect("a directory");
        std::fs::write(inside.path().join("good.rhai"), "2").expect("written");
        std::os::unix::fs::symlink(outside.path().join("secret.rhai"), inside.path().join("bad.rhai")).expect("a link");
        std::os::unix::fs::symlink("good.rhai", inside.path().join("alias.rhai")).expect("a link");
        std::fs::write(inside.path().join("large.rhai"), " ".repeat(LARGEST + 1)).expect("written");
        let files = Repository { root: inside.path().to_owned(), std: |name| (name == "std/x.rhai").then_some("3") };
        assert_eq!(files.read("alias.rhai").expect("inside"), "2");
        assert_eq!(files.read("std/x.rhai").expect("embedded"), "3");
        assert!(matches!(files.read("bad.rhai"), Err(Unreadable::Outside { .. })));
        assert!(matches!(files.read("none.rhai"), Err(Unreadable::Missing { .. })));
        assert!(matches!(files.read("std/y.rhai"), Err(Unreadable::Missing { .. })));
        assert!(matches!(files.read("large.rhai"), Err(Unreadable::TooLarge { .. })));
    }
}
