//! The rooms of the engine that touch the world.
//!
//! The script room asks ([`operation`]), the dispatcher lets the model decide, the journal writes the intent down and
//! hands out a [`journal::Receipt`], the world acts on that receipt, the journal writes the outcome down, and only then
//! does the script hear of it. The audit trail and the reporters read what was written. Dependencies point one way:
//! script → operation ← dispatcher → journal, world, audit, report.

pub mod anchor;
pub mod audit;
pub mod boot;
pub mod confinement;
pub mod dispatcher;
pub mod file_limit;
pub mod hosts;
pub mod journal;
pub mod keeper;
pub mod line;
pub mod operation;
pub mod prompter;
pub mod report;
pub mod script;
pub mod secret;
pub mod signing;
pub mod sweep;
mod watch;
pub mod world;
