//! What the process finds itself in; given by hand in tests.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use crate::failure::Failure;

/// The working directory, the user and the environment.
#[derive(Debug, Clone)]
pub struct Surroundings {
    /// The working directory.
    pub cwd: PathBuf,
    /// The number of the user.
    pub uid: u32,
    /// The variables.
    pub variables: BTreeMap<OsString, OsString>,
}

impl Surroundings {
    /// Those of this process.
    ///
    /// # Errors
    /// The working directory was removed.
    pub fn here() -> Result<Self, Failure> {
        let cwd = std::env::current_dir().map_err(|error| {
            Failure::usage(format!("the working directory cannot be found: {error}")).hint("cd to another directory")
        })?;
        Ok(Self { cwd, uid: rustix::process::getuid().as_raw(), variables: std::env::vars_os().collect() })
    }

    /// A variable, unless it is empty.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<&OsStr> {
        self.variables.get(OsStr::new(name)).map(OsString::as_os_str).filter(|value| !value.is_empty())
    }

    /// A variable that has to be text.
    ///
    /// # Errors
    /// It is not UTF-8.
    pub fn text(&self, name: &'static str) -> Result<Option<&str>, Failure> {
        match self.variable(name).map(OsStr::to_str) {
            Some(None) => Err(Failure::usage(format!("the variable `{name}` is not UTF-8"))),
            Some(Some(text)) => Ok(Some(text)),
            None => Ok(None),
        }
    }

    /// The user's own configuration file, whether it exists or not.
    #[must_use]
    pub fn user_file(&self) -> Option<PathBuf> {
        // The XDG specification: relative paths are to be ignored.
        let absolute = |name| self.variable(name).map(Path::new).filter(|path| path.is_absolute());
        let folder =
            absolute("XDG_CONFIG_HOME").map(Path::to_owned).or_else(|| absolute("HOME").map(|home| home.join(".config")));
        folder.map(|folder| folder.join("runbook/config.toml"))
    }
}
