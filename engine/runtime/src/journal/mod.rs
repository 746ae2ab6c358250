//! The ledger: one file a run, one record a line, on disk before anything happens.

mod receipt;

pub use receipt::Receipt;
