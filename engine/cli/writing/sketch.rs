//! A runbook that is about to be written, with its tests.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::PathBuf;

use runbook_model::change::quoted;
use runbook_model::declaration::Declaration;
use runbook_runtime::script::{Pinned, Program, at_depth};

use crate::catalogue::{Catalogue, is_inside};
use crate::failure::Failure;
use crate::place::Place;
use crate::typed::required;

/// A runbook that is about to be written, with its tests.
#[derive(Debug, Clone)]
pub struct Sketch {
    /// Its name, as one types it.
    pub name: String,
    /// Its source.
    pub runbook: String,
    /// The source of its tests.
    pub tests: String,
}

impl Sketch {
    /// Reads it as `runbook check` would: what the engine cannot read is not written. Gives what it declares. `way_out` is for
    /// whoever typed what cannot be read.
    ///
    /// # Errors
    /// The name is none, or the source has mistakes.
    pub fn judged(&self, place: &Place, way_out: &str) -> Result<Declaration, Failure> {
        let fits = |part: &str| {
            !part.is_empty()
                && part.starts_with(|c: char| c.is_ascii_alphanumeric())
                && part.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
        };
        if self.name.len() > 100 || !self.name.split('/').all(fits) || self.name.ends_with(".rhai") {
            let message = format!("`{}` cannot be the name of a runbook", self.name);
            return Err(
                Failure::usage(message).hint("letters, digits, `-`, `_`, `.`, and `/` between directories: `db/failover`")
            );
        }
        if !Catalogue::would_find(&self.name) {
            let message = format!("`{}` cannot be the name of a runbook: it would not be found", self.name);
            return Err(Failure::usage(message)
                .hint("no end `.test` or `.d`, which tests and definitions have, and at most six directories"));
        }
        let (root, file) = (&place.configuration.root.value, self.file(place));
        let Some(file) = file.strip_prefix(root).ok().filter(|_| is_inside(root, &file)) else {
            let message = format!(
                "`{}` is outside of the root `{}`, or goes by way of `..`: no runbook can be run there; nothing was written",
                file.display(),
                root.display()
            );
            return Err(Failure::usage(message).hint("runbook config --show-origin says who named that directory in `runbooks`"));
        };
        let file = file.display().to_string();
        let sources = Pinned(BTreeMap::from([(file.clone(), self.runbook.clone())]));
        let read = at_depth(|| Program::load(&sources, &file).and_then(|program| program.describe()));
        read.map_err(|diagnostics| {
            let message =
                format!("what becomes of it cannot be read by this program; nothing was written: {}", diagnostics.line());
            Failure::usage(message).detail(diagnostics.render(false)).hint(way_out)
        })
    }

    /// Writes both files below the first directory of runbooks.
    ///
    /// # Errors
    /// One of them is there already, or cannot be written.
    pub fn write(&self, place: &Place, over: bool) -> Result<[PathBuf; 2], Failure> {
        let runbook = self.file(place);
        let tests = runbook.with_file_name(format!("{}.test.rhai", self.name.rsplit('/').next().unwrap_or_default()));
        let there = [&runbook, &tests].into_iter().find(|file| file.symlink_metadata().is_ok());
        if let Some(there) = there.filter(|_| !over) {
            let message = format!("`{}` is there already; nothing was written", there.display());
            return Err(Failure::usage(message).hint("give another name, or `--force` to write over it"));
        }
        // The first directory wins: what others have been running would be gone from their sight.
        let root = &place.configuration.root.value;
        let hidden =
            place.library().titles().into_iter().find(|title| title.name == self.name && root.join(&title.file) != runbook);
        if let Some(hidden) = hidden.filter(|_| !over) {
            let message = format!("`{}` is there already, with this name; nothing was written", hidden.file);
            return Err(Failure::usage(message).hint("give another name, or `--force` to put yours before it"));
        }
        for (file, text) in [(&runbook, &self.runbook), (&tests, &self.tests)] {
            let unwritten = |error: std::io::Error| Failure::usage(format!("cannot write `{}`: {error}", file.display()));
            let parent = file.parent().unwrap_or(file);
            fs::create_dir_all(parent).map_err(unwritten)?;
            let mut new = tempfile::Builder::new()
                .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644))
                .tempfile_in(parent)
                .map_err(unwritten)?;
            new.write_all(text.as_bytes()).map_err(unwritten)?;
            // A second one who writes the same name at the same time is not written over either.
            if over { new.persist(file) } else { new.persist_noclobber(file) }.map_err(|error| unwritten(error.error))?;
        }
        Ok([runbook, tests])
    }

    /// What to type now.
    #[must_use]
    pub fn next(&self, declared: &Declaration) -> String {
        let (name, params) = (quoted(&self.name), required(declared, |_| false));
        format!("next: runbook check {name}\nnext: runbook test {name}\nnext: runbook exec {name}{params} --dry-run\n")
    }

    fn file(&self, place: &Place) -> PathBuf {
        let configuration = &place.configuration;
        let usual = configuration.root.value.join("runbooks");
        let directory = configuration.runbooks.value.first().cloned().unwrap_or(usual);
        directory.join(format!("{}.rhai", self.name))
    }
}

/// A name for a runbook from that of a file: `How To Fail Over` becomes `how-to-fail-over`.
#[must_use]
pub fn name_of(text: &str) -> String {
    let mut name = String::new();
    for c in text.chars() {
        match c {
            c if c.is_ascii_alphanumeric() => name.push(c.to_ascii_lowercase()),
            _ if !name.is_empty() && !name.ends_with('-') => name.push('-'),
            _ => {}
        }
    }
    let name: String = name.chars().take(60).collect();
    let name = name.trim_end_matches('-');
    if name.is_empty() { "imported".to_owned() } else { name.to_owned() }
}
