//! Rule files on the disk and what is found in them, told: to people, to programs, to a code host.

mod baseline;
mod checked;
mod checkstyle;
mod format;
mod freshness;
mod github;
mod gitlab;
mod json;
mod junit;
mod known;
mod rewriting;
mod sarif;
mod sources;
mod text;

pub use baseline::Baseline;
pub use checked::Checked;
pub use format::Format;
pub use freshness::stale;
pub use known::{base, known};
pub use rewriting::{NotWritten, rewrite};
pub use sources::{Source, Unreadable, gather};
