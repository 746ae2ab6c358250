//! YAML (and JSON, which is YAML) with the place of everything, bounded: rule files come from other people's repositories.
//!
//! An alias is a second hold on the same node and never a copy, so a "billion laughs" stays as small as its text; what walks
//! over documents has its own bound.

mod node;
mod offsets;
mod read;
mod text;

#[cfg(test)]
mod tests;

pub use node::{Node, Place, Shape};
pub use read::{DEEPEST, LONGEST, MOST, Unread, read};
pub use text::{Text, decode};
