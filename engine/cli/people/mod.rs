//! Asking people: at the terminal that the program runs in.

mod lending;
mod menu;
mod passing;
mod question;
pub mod terminal;
mod tty;

pub(crate) use lending::take_back;
pub use terminal::AtTerminal;

#[cfg(test)]
mod tests;
