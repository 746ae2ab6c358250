//! A runbook as a page that people read: `runbook show NAME --format …`.
//!
//! [`Sheet`] is what there is to say; [`text`], [`markdown`], [`html`] and [`mermaid`] lay it out. Whatever the author wrote is
//! text in every one of them: no title, step or pattern can become markup.

mod facts;
pub mod html;
pub mod markdown;
pub mod mermaid;
mod sheet;
pub mod text;

#[cfg(test)]
mod tests;

pub use sheet::Sheet;
