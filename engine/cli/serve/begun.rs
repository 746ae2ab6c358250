//! What was begun by a form, so that a button that is pressed twice, or a form that a browser sends again, begins one run and not two.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use runbook_model::digest::Digest;
use runbook_model::id::RunId;

use super::refusal::Refusal;

/// The same form counts as sent again for this long; then somebody wants another run.
const AGAIN: Duration = Duration::from_secs(60);

/// What was begun, by the digest of the form.
#[derive(Debug, Default)]
pub(super) struct Begun(Mutex<BTreeMap<Digest, (Instant, Slot)>>);

/// Whoever sends the form a second time waits here for what came of the first: a run, or a refusal of what goes on all the same.
pub(super) type Slot = Arc<tokio::sync::Mutex<Option<Result<RunId, Refusal>>>>;

impl Begun {
    /// What came of this form, once its lock is had.
    pub(super) fn of(&self, form: Digest) -> Slot {
        self.at(form, Instant::now())
    }

    fn at(&self, form: Digest, now: Instant) -> Slot {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, (since, _)| now.saturating_duration_since(*since) < AGAIN);
        all.entry(form).or_insert_with(|| (now, Slot::default())).1.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_the_same_for_a_while() {
        let begun = Begun::default();
        let (form, now) = (Digest::of(b"form"), Instant::now());
        let first = begun.at(form, now);
        assert!(Arc::ptr_eq(&first, &begun.at(form, now + Duration::from_secs(59))));
        assert!(!Arc::ptr_eq(&first, &begun.at(Digest::of(b"other"), now)));
        assert!(!Arc::ptr_eq(&first, &begun.at(form, now + AGAIN)));
    }
}
