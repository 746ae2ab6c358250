//! Whether the secrets that a runbook names can be had, before its first step.

use runbook_runtime::script::Program;
use runbook_runtime::secret::Vault;

use crate::failure::Failure;
use crate::output::{self, safe};

/// Looks at the variables and files from which the secrets come that the program names; no program is started for it, and
/// nobody is asked. A run that would find out half-way is refused. A rehearsal needs no secret: it is told.
///
/// # Errors
/// One of them cannot be had; nothing was run.
pub(crate) fn look(program: &Program, vault: &Vault, dry_run: bool) -> Result<(), Failure> {
    let mut lacks = vault.lacks(&program.secrets()).into_iter().map(|why| why.to_string());
    if dry_run {
        lacks.for_each(|why| output::to_stderr(&format!("notice: missing for the real run: {}\n", safe::line(&why))));
        return Ok(());
    }
    let Some(first) = lacks.next() else { return Ok(()) };
    let failure = Failure::usage(format!("{first}; nothing was run"));
    Err(lacks.fold(failure, Failure::detail).hint("runbook doctor"))
}
