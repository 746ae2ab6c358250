//! Writing files, and putting them back.
//!
//! A file is replaced as a whole or not at all: the new content goes into a temporary file beside it, is flushed, and
//! takes its name. A reader sees the old content or the new one, never a part, and a crash leaves one of the two. So
//! what became of an unfinished write can be read from the file itself.

mod place;
mod replace;
mod restore;
mod write;

pub(super) use restore::{perform as perform_restore, prepare as prepare_restore, recover as recover_restore};
pub(super) use write::{perform as perform_write, prepare as prepare_write, recover as recover_write};

use runbook_model::failure::Failure;

#[cfg(test)]
mod tests;

/// The most content that a file may have to be written over: its old content lies in the journal for the rollback.
pub(super) const BEFORE_LIMIT: u64 = 1024 * 1024;

fn failure(path: &str, message: impl Into<String>) -> Failure {
    Failure::File { path: path.to_owned(), message: message.into() }
}
