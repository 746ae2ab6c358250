//! A Markdown runbook becomes the skeleton of one that can be run.
//!
//! Headings become phases, blocks of shell become commands, checkboxes and prose become confirms, placeholders become
//! parameters. Nothing that was imported runs without a person who looks at it first: each command stands behind a confirm.

mod back;
mod bash;
mod comment;
mod contents;
mod document;
mod elsewhere;
mod inline;
mod placeholder;
mod question;
mod quoting;
mod section;
mod shell;
mod skeleton;
mod step_name;
#[cfg(test)]
mod tests;
mod trial;
mod words;
mod writer;

pub use skeleton::{Imported, import};
