//! The product, driven as a person drives it: the real binary, real processes, real git, in a hermetic place.

#[path = "../support/mod.rs"]
mod support;

mod alerts;
mod answers;
mod audit_trail;
mod bad_input;
mod book;
mod browser;
mod check;
mod coming_back;
mod crashes;
mod demo;
mod detaching;
mod doctor;
mod doubt;
mod dry_run;
mod exec;
mod failure;
mod file_limit;
mod hand_over;
mod handed_over;
mod hosts;
mod https;
mod language;
mod last;
mod locks;
mod looking;
mod output;
mod parallel;
mod rehearsal;
mod report;
mod resume;
mod rollback;
mod secrets;
mod serve;
mod show;
mod signals;
mod signatures;
mod stdlib;
mod sweeps;
mod terminal;
mod tests_in_rhai;
mod told;
mod tutorial;
mod writing;
