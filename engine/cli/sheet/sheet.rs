//! What there is to say about a runbook.

use runbook_model::declaration::Declaration;
use runbook_runtime::script::Outline;

/// What there is to say about a runbook. Texts are as they were written: each layout makes them safe.
#[derive(Debug, Clone, Default)]
pub struct Sheet {
    /// Its name.
    pub name: String,
    /// Its file, relative to the root.
    pub file: String,
    /// What it says about itself.
    pub declaration: Declaration,
    /// The secrets that it names, with the words for where they come from.
    pub secrets: Vec<(String, Option<String>)>,
    /// Its steps as they are written.
    pub outline: Outline,
    /// What earlier runs say about the next one, a line each.
    pub earlier: Vec<String>,
}
