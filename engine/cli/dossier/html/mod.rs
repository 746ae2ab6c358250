//! A run as one HTML file: no scripts, nothing from elsewhere, light and dark, on a phone and on paper.
//!
//! Whatever a command printed stands in it as text. `escape` is the one place that makes it so, and a content security
//! policy in the page keeps a browser from running or loading anything even if that place were wrong.

pub(crate) mod escape;
mod page;
mod sections;
mod steps;
mod timeline;

pub use page::page;
pub(crate) use page::{POLICY, STYLE};
pub(crate) use sections::quoting;
pub(crate) use timeline::mood;
