//! What the outputs of commands are searched for: whatever any of them was given, or was to be kept from.

use std::sync::Arc;

use crate::secret::{Patterns, Redacted};

/// Every secret that came along with a command, prepared for the search: that takes longer than many a command, and is nearly
/// always the same as for the command before.
#[derive(Default)]
pub(super) struct Redactions {
    secrets: Vec<Redacted>,
    patterns: Arc<Patterns>,
}

impl Redactions {
    /// Learns these secrets, and gives all that are known.
    pub(super) fn learn(&mut self, secrets: Vec<Redacted>) -> Arc<Patterns> {
        let before = self.secrets.len();
        for secret in secrets {
            if !self.secrets.contains(&secret) {
                self.secrets.push(secret);
            }
        }
        if self.secrets.len() > before {
            self.patterns = Arc::new(Patterns::of(&self.secrets));
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
    fn they_are_prepared_when_there_are_more_and_never_forgotten() {
        let mut redactions = Redactions::default();
        let first = redactions.learn(vec![secret("first-value")]);
        assert!(Arc::ptr_eq(&first, &redactions.learn(vec![secret("first-value")])));
        redactions.learn(vec![secret("second-value")]);
        let all = redactions.learn(Vec::new());
        assert_eq!(all.veiled_text("first-value second-value").as_deref(), Some("‹secret x› ‹secret x›"));
    }
}
