//! The anchor: a copy of the audit trail in another place, and the way by which a run changes machines.
//!
//! ```text
//! refs/heads/trails/<host>-<founding>   `main` of one state directory: it alone pushes there
//! refs/heads/runs/<run>                 the branch of a run: whoever has its lease pushes there
//! refs/runbook/lease/<run>              who has it: a small JSON text, replaced by compare-and-swap
//! ```
//!
//! Objects are written with git2; the network is left to the user's own `git`, so that ssh configuration, proxies and
//! credential helpers work as they do by hand. Nothing is forced but the lease, and that only from the value that was
//! seen. Each push moves trail, run and lease together or not at all (`--atomic`): who has lost the lease pushes nothing.

mod fetch;
mod git;
mod judging;
mod keeping;
mod lease;
mod memory;
mod push;
mod refusal;
mod remote;

pub use fetch::Fetched;
pub use keeping::{Anchor, Anchored, Fence};
pub use lease::{Holding, Note};
pub use push::Pushed;
pub use refusal::NotAnchored;
pub use remote::{Remote, shown};

#[cfg(test)]
mod tests;
