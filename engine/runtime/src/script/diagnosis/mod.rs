//! What is wrong with a script, and where: as data, as text for people, as an error that the script itself may catch.

pub(super) mod code;
pub(super) mod complaint;
pub(super) mod diagnostic;
pub(super) mod lookalike;
mod render;
pub(super) mod span;
pub(super) mod spots;
pub(super) mod unclosed;
