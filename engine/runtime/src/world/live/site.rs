//! Where a run works: what every change of it needs to know.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use runbook_model::id::RunId;
use runbook_model::length::Length;

use super::Couriers;
use crate::confinement::Confinement;

/// The place where the changes of one run happen.
#[derive(Debug, Clone)]
pub struct Site {
    /// The run; its temporary files carry this name.
    pub run: RunId,
    /// Where relative paths and programs start from: the root of the runbook repository. Absolute.
    pub root: PathBuf,
    /// The environment of the engine.
    pub env: Vec<(OsString, OsString)>,
    /// Names of variables that commands get from it besides the usual ones.
    pub extra_env: Vec<String>,
    /// What keeps the programs of checks from writing, in a rehearsal.
    pub confinement: Option<Confinement>,
    /// How long a program may take to obey SIGTERM before it gets SIGKILL.
    pub grace: Length,
    /// What commands on other hosts need; without it there are none.
    pub couriers: Option<Couriers>,
}

impl Site {
    /// A site with the environment of this process, no extra variables, and 10 s of grace.
    #[must_use]
    pub fn new(run: RunId, root: &Path) -> Self {
        Self {
            run,
            root: root.to_owned(),
            env: std::env::vars_os().collect(),
            extra_env: Vec::new(),
            confinement: None,
            grace: Length::from_secs(10),
            couriers: None,
        }
    }

    /// The path as an absolute one.
    #[must_use]
    pub fn absolute(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }
}
