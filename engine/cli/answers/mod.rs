//! What the scripted world of `runbook test` answers: `NAME.test.toml` beside the runbook.

mod file;
mod suggestion;
mod world;

#[cfg(test)]
mod tests;

pub use file::Answers;
pub use suggestion::suggestion;
