//! What a release says about itself in its `release.toml`.

use std::fs;
use std::path::Path;

use serde::Deserialize;

use super::failure::DemoFailure;

/// A release of the demo service.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Release {
    /// Its name, which is also the name of its directory.
    pub version: String,
    /// The HTTP status with which it answers `GET /` and `GET /health`: 200 to 599.
    pub health: u16,
}

impl Release {
    /// Reads `release.toml` in a release's directory.
    ///
    /// # Errors
    /// When the file is missing or says something else.
    pub fn read(directory: &Path) -> Result<Self, DemoFailure> {
        let path = directory.join("release.toml");
        let text = fs::read_to_string(&path).map_err(DemoFailure::file("read", &path))?;
        let refused = |message: String| DemoFailure::Release { path: path.clone(), message };
        let release: Self = toml::from_str(&text).map_err(|error| refused(error.to_string()))?;
        if !(200..=599).contains(&release.health) {
            return Err(refused(format!("`health` is {}, and an HTTP status from 200 to 599 is wanted", release.health)));
        }
        // The version stands in JSON and in metric labels as it is.
        if release.version.is_empty() || !release.version.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c)) {
            return Err(refused("`version` may hold letters, digits, `.`, `_` and `-`, and not be empty".to_owned()));
        }
        Ok(release)
    }

    /// The file that [`Release::read`] reads.
    pub(super) fn to_toml(&self) -> String {
        format!(
            "version = \"{}\"\n\n# The status with which GET / and GET /health are answered while this release serves.\nhealth = {}\n",
            self.version, self.health
        )
    }

    /// Whether it does its work.
    #[must_use]
    pub fn is_healthy(&self) -> bool {
        self.health < 400
    }
}
