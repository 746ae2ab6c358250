//! The keeper: a small process, one a run, that owns the commands of the run.
//!
//! The engine can be killed at any instruction; a command that it started must be lost neither then nor later. So the
//! engine starts no command itself. It asks the keeper, which lives in a session of its own (no terminal, no signal of
//! the operator's reaches it or its children), copies their output to disk, and writes down how each one ended. A new
//! engine asks the keeper, or reads what it wrote, and knows what became of a command without repeating it.
//!
//! ```text
//! engine ── Keeper::run ──▶ keeper.sock ──▶ serve ──▶ child ──▶ <key>.stdout, <key>.stderr
//! engine ── recover ──────▶ keeper.sock, or ledger.jsonl when no keeper lives
//! ```
//!
//! In the keeper there is no runtime and no thread: one loop over `poll` ([`serve`]). Nothing is flushed to the disk:
//! the page cache outlives the death of any process, and after a power loss the answer is "in doubt" in any case.

mod ahead;
mod cage;
mod capture;
mod child;
mod client;
mod connection;
mod desk;
mod door;
mod job;
mod ledger;
mod line;
mod process;
mod pty;
mod recover;
mod redactions;
mod serve;
mod spawn;
mod started;
mod stopping;
mod unwritten;
mod wire;

pub use cage::can_cage;
pub use client::Keeper;
pub use door::KeeperFault;
pub use job::{Job, MARKER, OutputFiles, RunEnd, Typed, Window};
pub(crate) use pty::cannot_be_typed;
pub use pty::{AT_TERMINAL, at_terminal};
pub use recover::{Found, Orphan, Running};
pub use serve::serve;
pub use unwritten::Unwritten;
#[doc(hidden)]
pub use wire::understood;
