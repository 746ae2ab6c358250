//! Names inside of sentences. They stand between back-ticks, and between more of them than the name itself has in a row: a step may
//! be called ``restart `nginx` ``.

/// A part of a sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part<'a> {
    /// Words of ours.
    Text(&'a str),
    /// A name.
    Name(&'a str),
}

/// A name as it stands in a sentence.
#[must_use]
pub(super) fn quoted(name: &str) -> String {
    let fence = "`".repeat(longest_run(name) + 1);
    // A space keeps a back-tick at either end from joining the fence; whoever reads it takes one from each side again.
    let pad = if name.starts_with(['`', ' ']) || name.ends_with(['`', ' ']) { " " } else { "" };
    format!("{fence}{pad}{name}{pad}{fence}")
}

/// How many back-ticks stand in a row at most.
pub(super) fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

/// The parts of a sentence. Back-ticks that nothing closes are text.
pub(super) fn parts(mut text: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut from = 0;
    while let Some(open) = text[from..].find('`').map(|at| from + at) {
        let fence = run(&text[open..]);
        let inside = open + fence;
        let Some(close) = closing(&text[inside..], fence).map(|at| inside + at) else {
            from = inside;
            continue;
        };
        if open > 0 {
            parts.push(Part::Text(&text[..open]));
        }
        let name = &text[inside..close];
        let bare = name.strip_prefix(' ').and_then(|name| name.strip_suffix(' '));
        parts.push(Part::Name(bare.filter(|bare| !bare.trim().is_empty()).unwrap_or(name)));
        (text, from) = (&text[close + fence..], 0);
    }
    if !text.is_empty() {
        parts.push(Part::Text(text));
    }
    parts
}

fn run(text: &str) -> usize {
    text.bytes().take_while(|byte| *byte == b'`').count()
}

/// Where a run of just so many back-ticks begins.
fn closing(text: &str, fence: usize) -> Option<usize> {
    let mut at = 0;
    while let Some(next) = text[at..].find('`').map(|found| at + found) {
        let length = run(&text[next..]);
        if length == fence {
            return Some(next);
        }
        at = next + length;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_stand_between_back_ticks_and_an_odd_one_is_text() {
        assert_eq!(parts("at `a`: no"), [Part::Text("at "), Part::Name("a"), Part::Text(": no")]);
        assert_eq!(parts("an ` odd one"), [Part::Text("an ` odd one")]);
        assert_eq!(parts("`` a`b` ``"), [Part::Name("a`b`")]);
        assert_eq!(parts(""), []);
    }

    proptest! {
        #[test]
        fn a_name_is_read_back_as_it_was(name in "[a` ]{0,8}[a-z][a` ]{0,8}") {
            let sentence = format!("At {}: no", quoted(&name));
            prop_assert_eq!(parts(&sentence), [Part::Text("At "), Part::Name(name.as_str()), Part::Text(": no")]);
        }
    }
}
