//! Adds the links that are missing, and touches no byte elsewhere: comments, quotes and line ends stay as their owner wrote them.

mod address;
mod place;
mod plan;

#[cfg(test)]
mod styles;
#[cfg(test)]
mod tests;

pub use plan::{Addition, Left, Plan, plan};
