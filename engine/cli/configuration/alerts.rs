//! What `runbook.toml` says in `[alerts]`: what is asked of the runbooks that alerts lead to.

use runbook_model::length::Length;
use toml::de::DeTable;

use crate::configuration::Sourced;
use crate::configuration::reader::Reader;

/// `[alerts]` of `runbook.toml`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Alerts {
    /// How long ago a runbook that alerts lead to may have been rehearsed.
    pub rehearsed_within: Option<Sourced<Length>>,
}

/// Reads `[alerts]`.
pub(super) fn read(reader: &mut Reader<'_>, table: &DeTable<'_>) -> Alerts {
    let Some(table) = reader.table(table, "alerts") else { return Alerts::default() };
    reader.only(" in [alerts]", table, &["rehearsed_within"]);
    Alerts { rehearsed_within: reader.length(table, "rehearsed_within") }
}
