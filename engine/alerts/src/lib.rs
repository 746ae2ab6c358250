//! From an alert to the runbook that answers it: pure parsing and judging, for `check`, for `link`, for `open` and for the page.
//!
//! - [`mapping`]: alert name and labels → runbook → parameters, by what runbooks declare (`serves`, `from_label`).
//! - [`proposal`]: what a link or an alert proposes, each value held against its parameter.
//! - [`link`]: the addresses that lead to us, read once and strictly, and made.
//! - [`template`]: the Go templates in annotations, read as far as links need it.
//! - [`yaml`]: documents with places, bounded in size, depth and aliases.
//! - [`rules`]: the alerts of a rule file, whatever it is wrapped in.
//! - [`promql`]: the expression of a rule, read as far as its labels go.
//! - [`findings`]: what is wrong with their links.
//! - [`adding`]: a missing link, added without touching a byte elsewhere.
//!
//! Everything here takes text and gives values: no clock, no disk, no network, and nothing of a rule file is ever executed.

pub mod adding;
pub mod findings;
pub mod link;
pub mod mapping;
pub mod promql;
pub mod proposal;
pub mod rules;
pub mod template;
pub mod yaml;
