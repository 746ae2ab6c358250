//! Secrets: where they come from, where they may go, and that they are nowhere else.

mod at_hand;
mod beside;
mod canary;
mod everywhere;
mod sources;
mod words;
