//! The engine's death, at a chosen moment.

/// Whether the change that was under way when the engine died took effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Crash {
    /// The engine died before anything changed.
    BeforeEffect,
    /// The change happened, and nobody heard of it.
    AfterEffect,
}

/// What can be found out about such a change afterwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Recovery {
    /// Everything: as if a keeper had watched.
    #[default]
    KeeperKnows,
    /// Nothing: as if the machine had lost power.
    InDoubt,
}
