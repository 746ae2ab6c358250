//! Which steps an answer is for.

use runbook_model::path::StepPath;

/// A name in which `*` stands for any text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern(String);

impl Pattern {
    pub(super) fn new(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// Whether a step is meant: by its name, or by its whole path. A step of a rollback has the name of the step that it
    /// rolls back, so it is meant by its path alone: `~rollback/*`.
    pub(super) fn fits_step(&self, path: &StepPath) -> bool {
        (!path.is_rollback() && self.fits(path.name())) || self.fits(&path.to_string())
    }

    /// Whether `text` is as the pattern says, from start to end.
    pub(super) fn fits(&self, text: &str) -> bool {
        let mut parts = self.0.split('*');
        let first = parts.next().unwrap_or_default();
        let Some(mut rest) = text.strip_prefix(first) else { return false };
        let mut parts = parts.peekable();
        if parts.peek().is_none() {
            return rest.is_empty();
        }
        while let Some(part) = parts.next() {
            if parts.peek().is_none() {
                return rest.ends_with(part);
            }
            // The earliest place leaves the most for the parts behind it.
            let Some(at) = rest.find(part) else { return false };
            rest = &rest[at + part.len()..];
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The definition, slow and plain.
    fn oracle(pattern: &[char], text: &[char]) -> bool {
        match (pattern.split_first(), text.split_first()) {
            (None, None) => true,
            (Some(('*', pattern_rest)), None) => oracle(pattern_rest, text),
            (Some(('*', pattern_rest)), Some((_, text_rest))) => oracle(pattern_rest, text) || oracle(pattern, text_rest),
            (Some((p, pattern_rest)), Some((t, text_rest))) => p == t && oracle(pattern_rest, text_rest),
            _ => false,
        }
    }

    proptest! {
        #[test]
        fn fits_what_its_definition_says(pattern in "[ab*]{0,7}", text in "[ab]{0,8}") {
            let chars = |text: &str| text.chars().collect::<Vec<_>>();
            prop_assert_eq!(Pattern::new(&pattern).fits(&text), oracle(&chars(&pattern), &chars(&text)));
        }
    }

    #[test]
    fn a_rollback_is_meant_by_its_path_alone() {
        let step = StepPath::root().child("Switch", 1).child("restart api", 1);
        assert!(Pattern::new("restart *").fits_step(&step) && Pattern::new("Switch/*").fits_step(&step));
        let back = step.rollback().part(1);
        assert!(!Pattern::new("restart *").fits_step(&back) && Pattern::new("~rollback/*restart api/~1").fits_step(&back));
    }
}
