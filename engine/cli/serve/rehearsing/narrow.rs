//! Which parameters may be filled with nobody looking.

use runbook_model::parameter::{Kind, Parameter};

/// What no narrow text is.
const HOSTILE: [&str; 6] = ["; rm -rf /", "$(id)", "../../etc/passwd", "--help", "a b", "<x>"];

/// Whether a parameter says what it takes. Whoever can name a pod can write a label: a text that takes anything is not filled
/// from one without a person.
pub(super) fn is(parameter: &Parameter) -> bool {
    match parameter.kind {
        // As far as one can see without trying it on everything.
        Kind::String | Kind::List => !HOSTILE.iter().any(|text| parameter.read(text).is_ok()),
        Kind::Int | Kind::Float | Kind::Bool | Kind::Enum | Kind::Duration => true,
        Kind::Secret => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_narrow_when_its_pattern_is() {
        let with = |pattern: Option<&str>| Parameter { pattern: pattern.map(str::to_owned), ..Parameter::default() };
        assert!(is(&with(Some("[a-z][a-z0-9-]{0,62}"))));
        // `--help` is a name to this one, and an option to a program that is not careful.
        assert!(!is(&with(Some("[a-z-]+"))));
        for open in [None, Some(".*"), Some(".+"), Some("[^ ]+"), Some("[a-z0-9/.]+")] {
            assert!(!is(&with(open)), "{open:?}");
        }
        assert!(is(&Parameter { kind: Kind::Int, ..Parameter::default() }));
        assert!(!is(&Parameter { kind: Kind::Secret, ..Parameter::default() }));
    }
}
