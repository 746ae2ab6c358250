//! The place that the tutorial plays in: a small site with a runbook, and the tutorial beside it.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::failure::Failure;

const PUBLISH: &str = include_str!("publish.rhai");
const TUTORIAL: &str = include_str!("tutorial.rhai");

/// A directory for the tutorial: gone afterwards, or kept where somebody named one.
pub struct Place {
    dir: PathBuf,
    // Held for its end.
    _temporary: Option<tempfile::TempDir>,
}

impl Place {
    /// Sets it up: in `dir`, which has to be new or empty, or in a temporary one. What is typed in it gets these `variables`.
    ///
    /// # Errors
    /// The directory holds something, or cannot be written; or a path is not text.
    pub fn set_up(dir: Option<&Path>, exe: &Path, variables: &BTreeMap<&str, String>) -> Result<Self, Failure> {
        let place = match dir {
            Some(dir) => {
                fs::create_dir_all(dir).map_err(|error| unusable(dir, &error))?;
                if fs::read_dir(dir).map_err(|error| unusable(dir, &error))?.next().is_some() {
                    let message = format!("`{}` holds something already; nothing was written", dir.display());
                    return Err(Failure::usage(message).hint("runbook tutorial DIR  with a directory that is new or empty"));
                }
                Self { dir: fs::canonicalize(dir).map_err(|error| unusable(dir, &error))?, _temporary: None }
            }
            None => {
                let temporary = tempfile::Builder::new().prefix("runbook-tutorial-").tempdir();
                let temporary = temporary.map_err(|error| unusable(&std::env::temp_dir(), &error))?;
                Self { dir: temporary.path().to_owned(), _temporary: Some(temporary) }
            }
        };
        place.fill(exe, variables)?;
        Ok(place)
    }

    /// Where it is.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The root of the repository that the tutorial itself is in: its run does not stand among those of the site.
    #[must_use]
    pub fn walk(&self) -> PathBuf {
        self.dir.join("walk")
    }

    fn fill(&self, exe: &Path, variables: &BTreeMap<&str, String>) -> Result<(), Failure> {
        let mut path = OsString::from(exe.parent().unwrap_or(Path::new("/")));
        path.push(":");
        path.push(std::env::var_os("PATH").unwrap_or_else(|| "/usr/bin:/bin".into()));
        let text = |path: &OsString| path.clone().into_string().map_err(|_| not_text(Path::new(path)));
        let mut settings = toml::Table::new();
        settings.insert("here".to_owned(), text(&self.dir.clone().into_os_string())?.into());
        let mut env: toml::Table = variables.iter().map(|(name, value)| ((*name).to_owned(), value.clone().into())).collect();
        env.insert("PATH".to_owned(), text(&path)?.into());
        settings.insert("env".to_owned(), env.into());
        let configuration = toml::Table::from_iter([("settings".to_owned(), settings.into())]);
        for (name, content) in [
            ("runbook.toml", ""),
            ("runbooks/publish.rhai", PUBLISH),
            ("site/page", "old\n"),
            ("walk/runbook.toml", &configuration.to_string()),
            ("walk/runbooks/tutorial.rhai", TUTORIAL),
        ] {
            let file = self.dir.join(name);
            let parent = file.parent().unwrap_or(&self.dir);
            fs::create_dir_all(parent).and_then(|()| fs::write(&file, content)).map_err(|error| unusable(&file, &error))?;
        }
        Ok(())
    }
}

fn unusable(path: &Path, error: &io::Error) -> Failure {
    Failure::usage(format!("the tutorial cannot use `{}`: {error}", path.display()))
}

fn not_text(path: &Path) -> Failure {
    Failure::usage(format!("`{}` is not text, and a runbook is; nothing was written", path.display()))
}
