//! Which step of one run is which of the other.

use std::collections::HashMap;

use crate::account::StepAccount;
use crate::path::StepPath;

/// The steps of two runs, matched.
pub(super) struct Matching {
    /// For each step of the first run its twin in the second.
    pub(super) twins: Vec<Option<usize>>,
    /// Whether each step of the second run is somebody's twin.
    pub(super) matched: Vec<bool>,
}

impl Matching {
    /// Matches by path. A question has no name but its text, which often tells a release or a host: two that stand in the same
    /// phase right behind steps that are twins are the same question.
    pub(super) fn of(left: &[StepAccount], right: &[StepAccount]) -> Self {
        let places: HashMap<&StepPath, usize> = right.iter().enumerate().map(|(at, step)| (&step.path, at)).collect();
        let mut twins: Vec<_> = left.iter().map(|step| places.get(&step.path).copied()).collect();
        let mut matched = vec![false; right.len()];
        twins.iter().flatten().for_each(|at| matched[*at] = true);
        for at in 0..left.len() {
            let behind = match at.checked_sub(1) {
                None => Some(0),
                Some(before) => twins[before].map(|twin| twin + 1),
            };
            let Some(place) = behind.filter(|place| twins[at].is_none() && *place < right.len() && !matched[*place]) else {
                continue;
            };
            let is_question = left[at].kind == "confirm" && right[place].kind == "confirm";
            if is_question && left[at].path.parent() == right[place].path.parent() {
                twins[at] = Some(place);
                matched[place] = true;
            }
        }
        Self { twins, matched }
    }
}
