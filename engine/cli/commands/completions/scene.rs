//! Where the command line would work, read once and only when something asks.

use std::cell::OnceCell;
use std::path::PathBuf;

use runbook_model::declaration::Declaration;
use runbook_model::id::RunId;
use runbook_model::state::RunState;

use super::slot::Given;
use crate::configuration::{Configuration, Surroundings};
use crate::globals::Globals;
use crate::history::History;
use crate::library::Library;

/// Where the command line would work. Everything that cannot be read is not there.
pub(super) struct Scene {
    globals: Globals,
    place: OnceCell<Option<(Surroundings, Configuration)>>,
}

impl Scene {
    /// By the options that were typed so far.
    #[must_use]
    pub(super) fn of(given: &Given) -> Self {
        let dir = |name: &str| given.value(name).map(at_home);
        let globals = Globals { root: dir("root"), state_dir: dir("state_dir"), ..Globals::default() };
        Self { globals, place: OnceCell::new() }
    }

    fn place(&self) -> Option<&(Surroundings, Configuration)> {
        let read = || {
            let surroundings = Surroundings::here().ok()?;
            let configuration = Configuration::load(&surroundings, &self.globals).ok()?;
            Some((surroundings, configuration))
        };
        self.place.get_or_init(read).as_ref()
    }

    /// What applies there.
    pub(super) fn configuration(&self) -> Option<&Configuration> {
        self.place().map(|(_, configuration)| configuration)
    }

    /// The runbooks there.
    pub(super) fn library(&self) -> Option<Library> {
        self.place().map(|(surroundings, configuration)| Library::open(configuration, surroundings))
    }

    /// What a runbook says about itself.
    pub(super) fn declaration(&self, name: &str) -> Option<Declaration> {
        let library = self.library()?;
        let title = library.find(name).ok()?;
        library.read(&title).ok().map(|(_, declaration)| declaration)
    }

    /// The runs there.
    pub(super) fn history(&self) -> Option<History> {
        History::open(self.configuration()?).ok()?
    }

    /// What a run that was typed has come to.
    pub(super) fn run(&self, prefix: &str) -> Option<RunState> {
        let history = self.history()?;
        let run: RunId = history.find(&prefix.to_ascii_uppercase()).ok()?;
        let (reading, _) = history.read(run).ok()?;
        RunState::fold(&reading.records).ok()?
    }
}

/// A directory as the shell would pass it: the words of bash come as they were typed.
fn at_home(dir: &str) -> PathBuf {
    match (dir.strip_prefix("~/"), std::env::var_os("HOME")) {
        (Some(below), Some(home)) => PathBuf::from(home).join(below),
        _ => PathBuf::from(dir),
    }
}
