//! Whether the secrets that a runbook names can be had, before its first step.

use std::collections::BTreeSet;

use runbook_runtime::script::Program;
use runbook_runtime::secret::Vault;

use crate::failure::Failure;

/// Looks at the variables and files from which the secrets come that the program names, and those that were `chosen` by a
/// parameter; no program is started for it, and nobody is asked. A run that would find out half-way is refused.
///
/// # Errors
/// One of them cannot be had; nothing was run.
pub(crate) fn look(program: &Program, chosen: BTreeSet<String>, vault: &Vault) -> Result<(), Failure> {
    let wanted: BTreeSet<_> = program.secrets().into_iter().chain(chosen).collect();
    let mut lacks = vault.lacks(&wanted).into_iter().map(|why| why.to_string());
    let Some(first) = lacks.next() else { return Ok(()) };
    let failure = Failure::usage(format!("{first}; nothing was run"));
    Err(lacks.fold(failure, Failure::detail).hint("runbook doctor"))
}
