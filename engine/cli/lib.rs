//! The room that speaks to people: it reads what they typed, shows what happens, and ends with a code that scripts know.
//!
//! One verb is one file in [`commands`]. Only [`output`] writes to the terminal, and it makes everything safe to show.
//! Inside, errors are precise; at this edge they become a [`failure::Failure`]: a message, hints and an
//! [`exit_code::ExitCode`].

pub mod alerts;
mod anchoring;
mod at_hand;
pub mod behalf;
mod beside;
pub mod catalogue;
pub mod checking;
mod claim;
pub mod commands;
pub mod configuration;
pub mod coverage;
pub mod demo;
mod detaching;
pub mod doctor;
pub mod dossier;
pub mod error_pages;
pub mod exit_code;
pub mod failure;
pub mod globals;
pub mod history;
pub mod importing;
mod interchange;
pub mod itself;
pub mod library;
mod literal;
pub mod logging;
mod named_secrets;
pub mod operator;
pub mod output;
pub mod panics;
pub mod people;
pub mod performance;
pub mod place;
#[cfg(test)]
mod reference;
pub mod rehearsal;
mod reserved;
pub mod sealing;
pub mod serve;
pub mod sheet;
mod signing;
pub mod testing;
pub mod tutorial;
pub mod typed;
pub mod workplace;
pub mod writing;

/// Runs the program with the arguments and the environment of this process.
#[must_use]
pub fn main() -> std::process::ExitCode {
    // Before anything looks at the arguments: they are a command's, and so is the environment.
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next().is_some_and(|verb| verb == itself::KEEPER)
        && arguments.next().is_some_and(|role| role == runbook_runtime::keeper::AT_TERMINAL)
    {
        return runbook_runtime::keeper::at_terminal(&arguments.collect::<Vec<_>>());
    }
    // Before anything is in memory that nobody else may read.
    runbook_runtime::secret::keep_memory();
    panics::listen();
    commands::run(std::env::args_os())
}
