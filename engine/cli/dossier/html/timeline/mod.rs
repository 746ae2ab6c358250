//! The timeline of a run as a picture: one row a step, one bar an attempt.
//!
//! Places along the time are in per cent of the width, and everything else is in pixels: so one picture fits every screen
//! without text that grows or shrinks. It is drawn twice, with names beside the bars and with names above them, and the
//! style sheet shows the one that fits.

mod axis;
mod bars;
mod draw;
mod labels;
mod rows;

pub(crate) use bars::mood;
pub(super) use draw::{Layout, picture};
