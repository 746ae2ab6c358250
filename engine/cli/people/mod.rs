//! Asking people: at the terminal that the program runs in.

mod menu;
mod question;
pub mod terminal;
mod tty;

pub use terminal::AtTerminal;

#[cfg(test)]
mod tests;
