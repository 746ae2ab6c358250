//! A performance of a script: what its functions share, where it is, and why it stopped.

pub(super) mod blame;
pub(super) mod decision;
pub(super) mod depth;
pub(super) mod gate;
pub(super) mod here;
pub(super) mod script;
pub(super) mod shelf;
pub(super) mod stage;
pub(super) mod trace;
