//! Where a verb works: its surroundings, and the configuration that applies there.

use crate::configuration::{Configuration, Surroundings};
use crate::failure::Failure;
use crate::globals::Globals;
use crate::library::Library;
use crate::logging::Logging;

/// Where a verb works: its surroundings and the configuration that applies there.
#[derive(Debug)]
pub struct Place {
    /// The working directory, the user and the environment.
    pub surroundings: Surroundings,
    /// What applies.
    pub configuration: Configuration,
}

impl Place {
    /// Reads the configuration, and starts the engine's own log if it wants one.
    ///
    /// # Errors
    /// The configuration has mistakes, or the log cannot be written.
    pub fn of(globals: &Globals) -> Result<Self, Failure> {
        let surroundings = Surroundings::here()?;
        let configuration = Configuration::load(&surroundings, globals)?;
        let filter = configuration.log_filter.as_ref().map(|filter| filter.value.clone());
        let file = configuration.log_file.as_ref().map(|file| file.value.clone());
        Logging { filter, file }.start()?;
        Ok(Self { surroundings, configuration })
    }

    /// The runbooks here.
    #[must_use]
    pub fn library(&self) -> Library {
        Library::open(&self.configuration, &self.surroundings)
    }
}
