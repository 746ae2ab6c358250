//! The archive against the real `git`.
