//! A directory of its own for one measurement, on the disk that is measured.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

static INSTEAD: OnceLock<PathBuf> = OnceLock::new();

/// The program that is measured.
pub(crate) fn program() -> &'static Path {
    INSTEAD.get().map_or(Path::new(env!("CARGO_BIN_EXE_runbook")), PathBuf::as_path)
}

/// Measures this program from here on.
pub(crate) fn measure_instead(program: &Path) -> std::io::Result<()> {
    // Whoever runs it stands elsewhere.
    INSTEAD.set(program.canonicalize()?).map_err(|_| std::io::Error::other("one is measured already"))
}

/// A directory, gone afterwards. It lies in `/var/tmp` and not in `/tmp`, which may be in memory: flushes would cost nothing
/// there. Nor in the build directory, which is part of a repository: whose runbooks are versioned pays for a look at git.
pub(crate) struct Place(tempfile::TempDir);

impl Place {
    pub(crate) fn new() -> Result<Self, String> {
        let dir = tempfile::Builder::new().prefix("costs-").tempdir_in("/var/tmp").map_err(|error| error.to_string())?;
        Ok(Self(dir))
    }

    /// A place with a runbook repository in it.
    pub(crate) fn with(runbook: &str) -> Result<Self, String> {
        let place = Self::new()?;
        place.write("runbook.toml", "")?;
        place.runbook("main", runbook)?;
        Ok(place)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> Result<(), String> {
        let path = self.path(name);
        path.parent().map_or(Ok(()), std::fs::create_dir_all).map_err(|error| error.to_string())?;
        std::fs::write(path, text).map_err(|error| error.to_string())
    }

    pub(crate) fn runbook(&self, name: &str, source: &str) -> Result<(), String> {
        let head = "runbook(#{ title: \"Costs\", owner: \"nobody\" });\n";
        self.write(&format!("runbooks/{name}.rhai"), &format!("{head}{source}\n"))
    }

    /// A program, to be run here, with nothing of the surroundings but `PATH`.
    pub(crate) fn command(&self, program: impl AsRef<std::ffi::OsStr>, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.args(arguments).current_dir(self.0.path()).env("HOME", self.path("home")).env("USER", "nobody");
        command
    }

    /// The command line that is measured, to be run here.
    pub(crate) fn ours(&self, arguments: &[&str]) -> Command {
        self.command(program(), arguments)
    }

    /// The directories of the runs in this place.
    pub(crate) fn runs(&self) -> Result<BTreeSet<PathBuf>, String> {
        let found = std::fs::read_dir(self.path(".runbook/runs")).map_err(|error| error.to_string())?;
        found.map(|entry| entry.map(|entry| entry.path()).map_err(|error| error.to_string())).collect()
    }

    /// The only run in this place.
    pub(crate) fn run(&self) -> Result<String, String> {
        let run = self.runs()?.pop_first().ok_or("no run")?;
        Ok(run.file_name().unwrap_or_default().to_string_lossy().into_owned())
    }
}
