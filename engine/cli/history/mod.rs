//! The runs of a state directory, read without taking any of them and without writing anything: it may belong to somebody
//! else, or lie on a file system that is mounted read-only.

mod line;
mod runs;

pub(crate) use line::operator;
pub use line::{DAMAGED, DIED, RunLine};
pub use runs::History;

#[cfg(test)]
mod tests;
