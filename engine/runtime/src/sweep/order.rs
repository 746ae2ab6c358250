//! In which order changes must come: as in the undisturbed run, except that branches of one `parallel` keep no order among
//! each other.

use std::collections::BTreeSet;

use runbook_model::entry::{Entry, Record};
use runbook_model::path::StepPath;

use super::oracle::Deed;

/// The `parallel`s of a run: what lies in different branches of one of them has no order.
#[derive(Debug, Clone, Default)]
pub(super) struct Order(BTreeSet<StepPath>);

impl Order {
    pub(super) fn of(records: &[Record]) -> Self {
        Self(
            records
                .iter()
                .filter_map(|record| match &record.entry {
                    Entry::ParallelEntered(asked) => Some(asked.path.clone()),
                    _ => None,
                })
                .collect(),
        )
    }

    /// Whether either of them may come first.
    pub(super) fn is_free(&self, one: &StepPath, other: &StepPath) -> bool {
        let (mine, theirs) = (one.forward(), other.forward());
        let shared = mine.shared_with(&theirs);
        one.is_rollback() == other.is_rollback() && shared != mine && shared != theirs && self.0.contains(&shared)
    }

    /// What of `expected` is left when `found` is taken out of it, one change after the other and each only when nothing is
    /// left that has to come before it; `None` when something else was found.
    pub(super) fn left<'a>(&self, expected: &'a [Deed], found: &[Deed]) -> Option<Vec<&'a Deed>> {
        let mut left: Vec<_> = expected.iter().collect();
        for deed in found {
            let at = left.iter().position(|one| *one == deed)?;
            if left[..at].iter().any(|before| !self.is_free(&before.path, &deed.path)) {
                return None;
            }
            left.remove(at);
        }
        Some(left)
    }

    /// Whether `found` is what has been done when everything stopped at a step: all that comes before it, nothing that comes
    /// behind it, and any part of what has no order with it.
    pub(super) fn stops_at(&self, expected: &[Deed], step: &StepPath, found: &[Deed]) -> bool {
        let place = expected.iter().position(|deed| deed.path == *step).unwrap_or(expected.len());
        let may = |(at, deed): &(usize, &Deed)| deed.path != *step && (*at < place || self.is_free(&deed.path, step));
        let may: Vec<_> = expected.iter().enumerate().filter(may).map(|(_, deed)| deed.clone()).collect();
        self.left(&may, found).is_some_and(|left| left.iter().all(|deed| self.is_free(&deed.path, step)))
    }

    /// Whether nothing was done behind the last change of this step.
    pub(super) fn is_last(&self, step: &StepPath, deeds: &[Deed]) -> bool {
        let behind = deeds.iter().rev().take_while(|deed| deed.path != *step);
        deeds.iter().any(|deed| deed.path == *step) && behind.into_iter().all(|deed| self.is_free(&deed.path, step))
    }

    /// Leaves out the first of two equal changes of each of these steps.
    pub(super) fn once(&self, found: &[Deed], repeated: &[StepPath]) -> Vec<Deed> {
        let mut once = found.to_vec();
        for path in repeated {
            let places: Vec<_> = (0..once.len()).filter(|at| once[*at].path == *path).collect();
            if let [first, .., last] = places[..]
                && places.len() == 2
                && once[first].line == once[last].line
                && once[first + 1..last].iter().all(|deed| self.is_free(&deed.path, path))
            {
                once.remove(first);
            }
        }
        once
    }
}
