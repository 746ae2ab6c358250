//! What a runbook is exercised on.

use crate::support::Place;

/// A place with a runbook, and the running components that it drives. All of it is gone with the value.
pub(crate) trait Exercised {
    /// Where it is performed.
    fn place(&self) -> &Place;

    /// The parameters, as `name=value`.
    fn parameters(&self) -> Vec<String> {
        Vec::new()
    }

    /// Variables of whoever runs it.
    fn variables(&self) -> Vec<(&'static str, &'static str)> {
        Vec::new()
    }

    /// Brings about what the runbook is for, before each time that it is performed.
    fn prepare(&self) {}

    /// What the component holds, as text: the same text means the same state. Times may stand in it; what stays on purpose, such as a backup, must not.
    fn state(&self) -> String;

    /// Answers one question of the newest run that `--yes` cannot answer; false when there is none.
    fn answers(&self) -> bool {
        false
    }
}
