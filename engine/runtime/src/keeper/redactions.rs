//! What the outputs of commands are searched for: nearly always the same as for the command before.

use std::sync::Arc;

use crate::secret::{Patterns, Redacted};

/// The secrets of the latest command, prepared for the search: that takes longer than many a command.
#[derive(Default)]
pub(super) struct Redactions {
    secrets: Vec<Redacted>,
    patterns: Arc<Patterns>,
}

impl Redactions {
    /// These secrets, prepared for the search.
    pub(super) fn patterns(&mut self, secrets: Vec<Redacted>) -> Arc<Patterns> {
        if self.secrets != secrets {
            self.patterns = Arc::new(Patterns::of(&secrets));
            self.secrets = secrets;
        }
        Arc::clone(&self.patterns)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(value: &str) -> Redacted {
        Redacted { mark: "‹secret x›".to_owned(), value: value.to_owned() }
    }

    #[test]
    fn they_are_prepared_once_and_anew_when_they_change() {
        let mut redactions = Redactions::default();
        let first = redactions.patterns(vec![secret("first-value")]);
        assert!(Arc::ptr_eq(&first, &redactions.patterns(vec![secret("first-value")])));
        let second = redactions.patterns(vec![secret("first-value"), secret("second-value")]);
        assert_eq!(second.veiled_text("first-value second-value").as_deref(), Some("‹secret x› ‹secret x›"));
        assert!(redactions.patterns(Vec::new()).is_empty());
    }
}
