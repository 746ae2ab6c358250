//! Whether the audit trail takes another run: one that is damaged, rewritten or somebody else's refuses each.

use std::path::Path;

use runbook_runtime::audit::Archive;
use runbook_runtime::journal::StateDir;

use super::finding::Finding;

/// None before the first run, which begins it.
pub(super) fn finding(state: &Path) -> Option<Finding> {
    let trail = StateDir::look(state).ok()??.audit();
    trail.symlink_metadata().ok()?;
    Some(match Archive::open(&trail, None) {
        Ok(_) => Finding::ok("audit trail", format!("{}: whole at its end", trail.display())),
        Err(unusable) => {
            // What is unusable says the way out itself, a line each.
            let text = unusable.to_string();
            let mut lines = text.lines().map(str::trim);
            let says = lines.next().unwrap_or_default().to_owned();
            let way_out = lines.collect::<Vec<_>>().join("; ");
            Finding::missing("audit trail", says, if way_out.is_empty() { "runbook verify".to_owned() } else { way_out })
        }
    })
}
