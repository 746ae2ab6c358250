//! What came of a sweep.

use std::ops::AddAssign;

/// What came of a sweep.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Swept {
    /// How many disturbed runs were performed, each to its end.
    pub boundaries: u64,
    /// In how many of them a person had to say whether a step took effect.
    pub in_doubt: u64,
    /// Runs that did what must not be.
    pub violations: Vec<Violation>,
}

/// A run that did what must not be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// What was done to the run.
    pub disturbed: String,
    /// What is wrong, in one line.
    pub why: String,
    /// The changes that had to be made, in order; one line each.
    pub expected: Vec<String>,
    /// The changes that were made.
    pub found: Vec<String>,
}

impl Swept {
    /// Adds one run.
    pub(super) fn count(&mut self, disturbed: impl FnOnce() -> String, judged: Judged) {
        self.boundaries += 1;
        self.in_doubt += u64::from(judged.in_doubt);
        if let Some(breach) = judged.breach {
            let Breach { why, expected, found } = *breach;
            self.violations.push(Violation { disturbed: disturbed(), why, expected, found });
        }
    }
}

impl AddAssign for Swept {
    fn add_assign(&mut self, other: Self) {
        self.boundaries += other.boundaries;
        self.in_doubt += other.in_doubt;
        self.violations.extend(other.violations);
    }
}

/// What one run is worth.
#[derive(Debug, Default)]
pub(super) struct Judged {
    pub(super) in_doubt: bool,
    pub(super) breach: Option<Box<Breach>>,
}

/// What is wrong with one run.
#[derive(Debug)]
pub(super) struct Breach {
    pub(super) why: String,
    pub(super) expected: Vec<String>,
    pub(super) found: Vec<String>,
}

impl Judged {
    /// Takes a judgement in; the first breach counts.
    pub(super) fn take(&mut self, judged: Result<(), Box<Breach>>) {
        if let Err(breach) = judged
            && self.breach.is_none()
        {
            self.breach = Some(breach);
        }
    }
}
