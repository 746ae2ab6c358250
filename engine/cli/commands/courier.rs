//! `runbook courier`: the process that has one command run on another host. The keeper starts it; people never do.

/// Have one command run on a host
#[derive(Debug, clap::Args)]
pub struct Courier {}

/// Acts as a courier, until its command has ended or its end cannot be known.
#[must_use]
pub fn run(_courier: &Courier) -> std::process::ExitCode {
    runbook_runtime::hosts::serve()
}
