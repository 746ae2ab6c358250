//! Secrets: where they come from, where they go, and how they are kept out of everything else.
//!
//! ```text
//! runbook.toml ─▶ Source ─▶ fetch ─▶ Hidden ─▶ Vault ─┬─▶ filled: the change as it is made, and never written
//!                                                     ├─▶ RunKey: what the journal may know (a print, a sealed file)
//!                                                     └─▶ known: every form of it, for the veils of all outputs
//! ```
//!
//! The script has only names ([`runbook_model::secret`]). The value appears in the engine when a step that needs it is
//! prepared, and lives in memory only, in a type that cannot be shown ([`Hidden`]).

mod fetch;
pub(crate) mod filled;
mod forms;
mod hidden;
pub mod known;
mod memory;
mod pattern;
mod program;
mod run_key;
mod source;
mod vault;
mod veil;

pub use fetch::{NotFetched, SHORTEST, fetch};
pub use hidden::{Hidden, Redacted};
pub use memory::keep_memory;
pub use pattern::Patterns;
pub use run_key::{NoKey, RunKey};
pub use source::{Lookup, Source, Sources};
pub use vault::Vault;
pub use veil::Veil;
