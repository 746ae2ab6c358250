//! What the tests share: a place to work in, and the binary run in it.

mod place;
mod ran;

pub use place::Place;
pub use ran::Ran;
