//! Secrets: where they come from, where they may go, and that they are nowhere else.

mod at_hand;
mod canary;
mod everywhere;
mod sources;
mod words;
