//! What other people's programs read: the rules by which a text stands in their formats and means nothing there.

pub(crate) mod sarif;
pub(crate) mod workflow;
pub(crate) mod xml;
