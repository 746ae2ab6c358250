//! The manual as pages for `man`: one for the program and one for each verb, from the command line's own definition and the
//! pages of the reference.

mod pages;
mod sections;

pub use pages::{Page, pages};
