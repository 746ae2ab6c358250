//! What the tests share: a place to work in, and the binary run in it.

pub(crate) mod authority;
pub(crate) mod nginx;
mod place;
mod ran;
pub(crate) mod terminal;
mod waiting;

pub(crate) use place::Place;
pub(crate) use ran::Ran;
pub(crate) use waiting::{kill, until};
