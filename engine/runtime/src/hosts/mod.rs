//! Commands on other hosts, by the user's own `ssh`.
//!
//! ```text
//! engine ──▶ keeper ──▶ courier ──▶ ssh ══▶ far half ──▶ the command, in a session of its own
//!    ▲                     │                    │
//!    └── verdict (file) ◀──┘                    └──▶ ~/.cache/runbook/RUN/KEY: what it printed, how it ended
//! ```
//!
//! The far half is a small script for the host's `/bin/sh` (`far`). It keeps what the command prints and how it ends in a
//! private directory there, so that a connection may break: the `courier` makes another one and asks. The courier is a
//! process of ours, one a command (the next may wait already, with its session open: `ahead`), which the keeper owns like any command; so killing the engine loses nothing here, either.
//! What came of the command it writes into a [`Verdict`], because an exit code alone cannot tell the command's 255 from `ssh`'s.
//! One that only asks after a command leaves when nobody waits for it any more, and the command goes on.
//!
//! [`Link`] is how a host is reached: over a connection that the user keeps open, or over one of ours for the run. For a
//! session on it the courier asks the `ssh` that holds it (`session`); it starts an `ssh` of its own when that one does not
//! answer as expected, has no more sessions to give, or has been lost.

mod ahead;
mod contact;
mod courier;
mod delivery;
mod far;
mod fragment;
mod link;
mod links;
mod marks;
mod oblivion;
mod session;
mod stop;
mod streams;
mod task;
mod together;
mod words;

pub use ahead::written;
pub use courier::serve;
pub(crate) use fragment::is_variable;
pub use link::{Link, NoLink, SshSettings};
pub use links::{Links, Wanted};
pub use oblivion::forget;
pub use task::{Task, Verdict, Work};
