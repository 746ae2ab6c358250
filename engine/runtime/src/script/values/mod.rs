//! Values that a script holds and Rhai does not know: what cannot be known yet, what a step gave, what crosses the border.

pub(super) mod answers;
pub(super) mod branches_failed;
pub(super) mod closure;
pub(super) mod frozen;
pub(super) mod json;
pub(super) mod settings;
pub(super) mod step_error;
pub(super) mod unknown;
pub(super) mod unlike;
