//! Answers in the order in which they were written down.

use std::collections::VecDeque;

use super::pattern::Pattern;

/// For each pattern the answers that are still to come. The last one stays.
#[derive(Debug, Clone)]
pub(super) struct Plays<T>(Vec<(Pattern, VecDeque<T>)>);

impl<T> Default for Plays<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Clone> Plays<T> {
    /// Adds an answer; the same pattern again means the next time.
    pub(super) fn add(&mut self, pattern: &str, answer: T) {
        let pattern = Pattern::new(pattern);
        match self.0.iter_mut().find(|(had, _)| *had == pattern) {
            Some((_, answers)) => answers.push_back(answer),
            None => self.0.push((pattern, VecDeque::from([answer]))),
        }
    }

    /// The next answer of the first pattern that fits.
    pub(super) fn next(&mut self, fits: impl Fn(&Pattern) -> bool) -> Option<T> {
        let (_, answers) = self.0.iter_mut().find(|(pattern, _)| fits(pattern))?;
        if answers.len() > 1 { answers.pop_front() } else { answers.front().cloned() }
    }
}
