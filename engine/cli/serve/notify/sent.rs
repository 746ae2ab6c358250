//! What was told already: an empty file for each.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use runbook_model::digest::Digest;

/// What was told already.
#[derive(Debug)]
pub(super) struct Sent {
    dir: PathBuf,
}

impl Sent {
    pub(super) fn new(home: &Path) -> Self {
        Self { dir: home.join("told") }
    }

    fn file(&self, target: &str, key: &str) -> PathBuf {
        self.dir.join(Digest::of_json(&(target, key)).to_string())
    }

    /// Whether a target was told this.
    pub(super) fn knows(&self, target: &str, key: &str) -> bool {
        self.file(target, key).exists()
    }

    /// Remembers that a target was told this.
    ///
    /// # Errors
    /// It cannot be written.
    pub(super) fn note(&self, target: &str, key: &str) -> io::Result<()> {
        fs::create_dir_all(&self.dir)?;
        File::create(self.file(target, key))?.sync_all()?;
        File::open(&self.dir)?.sync_all()
    }
}
