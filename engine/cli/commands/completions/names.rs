//! What has a name: runbooks, environments, codes, verbs.

use runbook_model::status::RunStatus;

use super::Offer;
use super::scene::Scene;
use crate::commands::arguments;
use crate::error_pages;
use crate::history::{DAMAGED, DIED};

/// Every runbook, with its file: a title would have each of them read, and a key would be felt to hang.
pub(super) fn runbooks(scene: &Scene, typed: &str) -> Vec<Offer> {
    let Some(library) = scene.library() else { return Vec::new() };
    library
        .titles()
        .into_iter()
        .filter(|title| title.name.starts_with(typed))
        .map(|title| Offer::new(title.name, title.file))
        .collect()
}

/// The environments of the configuration.
pub(super) fn environments(scene: &Scene) -> Vec<Offer> {
    let Some(configuration) = scene.configuration() else { return Vec::new() };
    let about = |protected: bool| if protected { "protected" } else { "" };
    configuration.environments.iter().map(|(name, env)| Offer::new(name, about(env.is_protected()))).collect()
}

/// Every error code with its title.
pub(super) fn codes() -> Vec<Offer> {
    error_pages::pages().map(|(code, _)| Offer::new(code, error_pages::title_of(code).unwrap_or_default())).collect()
}

/// What `runbook help` has a text on.
pub(super) fn topics() -> Vec<Offer> {
    let verbs = arguments::GROUPS.iter().flat_map(|(_, verbs)| verbs.iter().copied());
    verbs.chain(["exit-codes"]).map(Offer::plain).collect()
}

/// The states that a run may be in.
pub(super) fn states() -> Vec<Offer> {
    RunStatus::WORDS.into_iter().chain([DIED, DAMAGED]).map(Offer::plain).collect()
}
