//! The text that a run started from, kept beside its journal.
//!
//! A source is filed under its name and the first digits of its digest: when a run goes on with an edited source
//! (`--adopt`), the text before the edit stays, so that a crash in between leaves a run that still finds what its journal names.

use std::collections::BTreeSet;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use runbook_model::digest::Digest;
use runbook_model::entry::Source;
use rustix::fs::OFlags;
use rustix::io::Errno;

use super::{RunDir, StorageFailure, directory};

/// The longest part of a name, in bytes: what a file system takes, less the digest and the mark of an unfinished file.
const LONGEST: usize = 200;

/// A source could not be kept, or not be found again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// The name could lead out of the directory of the run.
    #[error("`{}` cannot be the name of a source: it must be relative, without `.`, `..`, empty or very long parts, and without control characters", name.escape_debug())]
    Name {
        /// The name.
        name: String,
    },
    /// It is not there.
    #[error("the pinned source `{}` is missing: no file `{}`; the audit trail has a copy", name.escape_debug(), path.display())]
    Missing {
        /// The name.
        name: String,
        /// Where it was looked for.
        path: PathBuf,
    },
    /// It is not the text that the journal names.
    #[error(
        "the pinned source `{}` was changed: `{}` has digest {}…, the journal says {}…; the audit trail has a copy",
        name.escape_debug(), path.display(), found.short(), wanted.short()
    )]
    Changed {
        /// The name.
        name: String,
        /// The file.
        path: PathBuf,
        /// What the journal says.
        wanted: Digest,
        /// What the file has.
        found: Digest,
    },
    /// The file system refused.
    #[error(transparent)]
    Storage(#[from] StorageFailure),
}

impl RunDir {
    /// Keeps the text of sources, and names them as the journal does. They are on disk when this returns.
    ///
    /// # Errors
    /// [`SourceError::Name`] before anything is written; [`SourceError::Storage`].
    pub fn pin(&self, sources: &[(&str, &str)]) -> Result<Vec<Source>, SourceError> {
        let (pinned, grown) = self.lay(sources, directory::replace)?;
        // Innermost first, so that no name is on disk that leads to nothing.
        for parent in grown.iter().rev() {
            directory::flush(parent)?;
        }
        directory::flush(self.dir())?;
        Ok(pinned)
    }

    /// Writes the text of sources into their files by `write`, and says which directories have new names since.
    pub(super) fn lay(
        &self,
        sources: &[(&str, &str)],
        mut write: impl FnMut(&Path, &[u8]) -> Result<(), StorageFailure>,
    ) -> Result<(Vec<Source>, BTreeSet<PathBuf>), SourceError> {
        let pinned: Vec<_> =
            sources.iter().map(|(name, text)| Source { name: (*name).to_owned(), digest: Digest::of(text.as_bytes()) }).collect();
        let places = pinned.iter().map(|source| self.place(source)).collect::<Result<Vec<_>, _>>()?;
        let mut grown = BTreeSet::new();
        for (place, (_, text)) in places.iter().zip(sources) {
            for parent in self.parents(place) {
                directory::make(&parent)?;
                grown.insert(parent);
            }
            write(place, text.as_bytes())?;
        }
        Ok((pinned, grown))
    }

    /// The text of a source, exactly as it was pinned.
    ///
    /// # Errors
    /// [`SourceError`] when it is not there any more, or was changed.
    pub fn pinned(&self, source: &Source) -> Result<String, SourceError> {
        let path = self.place(source)?;
        let name = || source.name.clone();
        let mut file = match directory::open_file(&path, OFlags::RDONLY) {
            Err(StorageFailure { source: Errno::NOENT | Errno::NOTDIR, .. }) => {
                return Err(SourceError::Missing { name: name(), path });
            }
            other => other?,
        };
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(StorageFailure::io("read", &path))?;
        let found = Digest::of(&bytes);
        match String::from_utf8(bytes) {
            Ok(text) if found == source.digest => Ok(text),
            _ => Err(SourceError::Changed { name: name(), path, wanted: source.digest, found }),
        }
    }

    /// Where a source lies.
    fn place(&self, source: &Source) -> Result<PathBuf, SourceError> {
        let fits = |part: &str| !matches!(part, "" | "." | "..") && part.len() <= LONGEST && !part.contains(char::is_control);
        if !source.name.split('/').all(fits) || source.name.len() > 1_000 {
            return Err(SourceError::Name { name: source.name.chars().take(200).collect() });
        }
        Ok(self.sources().join(format!("{}@{}", source.name, source.digest.short())))
    }

    /// The directories above a source, from `sources/` down.
    fn parents(&self, place: &Path) -> Vec<PathBuf> {
        let mut parents: Vec<_> =
            place.ancestors().skip(1).take_while(|parent| *parent != self.dir()).map(Path::to_owned).collect();
        parents.reverse();
        parents
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::journal::sample::fresh_run;

    #[test]
    fn texts_come_back_as_they_were() {
        let (_home, run_dir) = fresh_run();
        let sources = [("deploy.rhai", "check(\"ü\")\r\n"), ("std/http.rhai", ""), ("lib/net/dns.rhai", "\u{0}x")];
        let pinned = run_dir.pin(&sources).unwrap();
        for ((name, text), source) in sources.iter().zip(&pinned) {
            assert_eq!((source.name.as_str(), run_dir.pinned(source).unwrap().as_str()), (*name, *text));
        }
        assert_eq!(run_dir.pin(&sources), Ok(pinned));
    }

    #[test]
    fn an_adopted_source_leaves_the_old_one_in_place() {
        let (_home, run_dir) = fresh_run();
        let before = run_dir.pin(&[("deploy.rhai", "one")]).unwrap();
        let after = run_dir.pin(&[("deploy.rhai", "two")]).unwrap();
        assert_eq!(run_dir.pinned(&before[0]).unwrap(), "one");
        assert_eq!(run_dir.pinned(&after[0]).unwrap(), "two");
    }

    #[test]
    fn an_edited_or_removed_source_is_refused() {
        let (_home, run_dir) = fresh_run();
        let pinned = run_dir.pin(&[("deploy.rhai", "one")]).unwrap();
        let path = run_dir.place(&pinned[0]).unwrap();
        std::fs::write(&path, "two").unwrap();
        assert!(matches!(run_dir.pinned(&pinned[0]), Err(SourceError::Changed { .. })));
        std::fs::write(&path, [0xff]).unwrap();
        assert!(matches!(run_dir.pinned(&pinned[0]), Err(SourceError::Changed { .. })));
        std::fs::remove_file(&path).unwrap();
        assert!(matches!(run_dir.pinned(&pinned[0]), Err(SourceError::Missing { .. })));
    }

    #[test]
    fn names_that_lead_elsewhere_are_refused_before_anything_is_written() {
        let (_home, run_dir) = fresh_run();
        let long = "x".repeat(201);
        for name in ["", "/etc/passwd", "../x", "a/../../x", "a//b", "a/.", "a\0b", "a\nb", &long] {
            let refused = run_dir.pin(&[("fine.rhai", "x"), (name, "x")]);
            assert!(matches!(refused, Err(SourceError::Name { .. })), "{name:?}");
        }
        assert!(!run_dir.sources().exists());
    }

    #[test]
    fn a_link_inside_is_not_followed() {
        let (home, run_dir) = fresh_run();
        let outside = home.path().join("outside");
        std::fs::create_dir(&outside).unwrap();
        std::fs::create_dir(run_dir.sources()).unwrap();
        std::os::unix::fs::symlink(&outside, run_dir.sources().join("lib")).unwrap();
        assert!(matches!(run_dir.pin(&[("lib/x.rhai", "x")]), Err(SourceError::Storage(_))));
        assert_eq!(std::fs::read_dir(&outside).unwrap().count(), 0);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn no_name_leaves_the_directory(name in "[./a\\\\~\u{e9}\n@-]{1,12}", text in ".{0,20}") {
            let (_home, run_dir) = fresh_run();
            if let Ok(pinned) = run_dir.pin(&[(&name, &text)]) {
                let real = run_dir.place(&pinned[0]).unwrap().canonicalize().unwrap();
                prop_assert!(real.starts_with(run_dir.sources().canonicalize().unwrap()));
                prop_assert_eq!(run_dir.pinned(&pinned[0]).unwrap(), text);
            }
        }
    }
}
