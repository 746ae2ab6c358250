//! The archive against the real `git`, and against people who change it.

mod archivist;
mod believed;
mod by_hand;
mod crash;
mod fixture;
mod growth;
mod health;
mod references;
mod remembered;
mod signed;
mod statements;
mod story;
mod tampering;
