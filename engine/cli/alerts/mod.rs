//! Rule files on the disk and what is found in them, told: to people, to programs, to a code host.

mod baseline;
mod format;
mod github;
mod json;
mod known;
mod sarif;
mod sources;
mod text;

pub use baseline::Baseline;
pub use format::{Checked, Format};
pub use known::{base, known};
pub use sources::{Source, Unreadable, gather};
