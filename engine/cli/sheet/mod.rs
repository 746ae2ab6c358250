//! A runbook as a page that people read: `runbook show NAME --format …`.
//!
//! [`Sheet`] is what there is to say; [`text`], [`markdown`], [`html`] and [`mermaid`] lay it out. Whatever the author wrote is
//! text in every one of them: no title, step or pattern can become markup.

mod content;
mod facts;
pub mod html;
pub mod markdown;
pub mod mermaid;
pub mod text;

#[cfg(test)]
mod tests;

pub use content::Sheet;
pub(crate) use facts::wanted;
