//! Commands that stand in a sentence and not in a block: `3. Start: `sudo systemctl start postfix``.

use super::shell::is_known;

/// What a sentence has of commands.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Inline<'a> {
    /// None.
    Nothing,
    /// It is the item of a list and tells to run this one: whatever stands before it only names it.
    Told(&'a str),
    /// It names this one; what is to be done with it, a person has to read.
    Named(&'a str),
}

/// With these, a sentence does not simply tell to run what it ends with.
const UNLESS: [&str; 14] = [
    "not", "never", "don't", "dont", "cannot", "can't", "avoid", "if", "unless", "when", "instead", "except", "without", "before",
];

/// Looks for a command in a sentence.
pub(super) fn inline(text: &str) -> Inline<'_> {
    let mut named = None;
    let (mut rest, mut first) = (text, true);
    while let Some((before, code, behind)) = quoted(rest) {
        // A program alone is named more often than it is run.
        if is_known(&[code]) && code.split_whitespace().nth(1 + usize::from(code.starts_with("sudo "))).is_some() {
            if first && behind.trim().trim_end_matches(['.', ';', ',']).is_empty() && tells(before) {
                return Inline::Told(code);
            }
            named = named.or(Some(code));
        }
        (rest, first) = (behind, false);
    }
    named.map_or(Inline::Nothing, Inline::Named)
}

/// The first text in back-ticks, with what stands before and behind it.
fn quoted(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once('`')?;
    let (code, behind) = rest.split_once('`')?;
    (!code.contains('\n')).then_some((before, code, behind))
}

/// Whether what stands before the command is the mark of an item, and at most a few words that say what it does.
fn tells(before: &str) -> bool {
    let mut words = before.split_whitespace();
    let is_item = words.next().is_some_and(|mark| {
        mark == "-" || mark.strip_suffix('.').is_some_and(|n| !n.is_empty() && n.bytes().all(|byte| byte.is_ascii_digit()))
    });
    let words: Vec<_> = words.map(|word| word.trim_end_matches([':', ',']).to_lowercase().replace('\u{2019}', "'")).collect();
    let ends = match before.trim_end().chars().next_back() {
        Some(':') => true,
        _ => words.last().is_none_or(|word| ["run", "execute", "type", "with", "by", "using", "do"].contains(&word.as_str())),
    };
    is_item && ends && words.len() <= 8 && !words.iter().any(|word| UNLESS.contains(&word.as_str()))
}

#[cfg(test)]
mod tests {
    use super::{Inline, inline};

    #[test]
    fn an_item_that_tells_to_run_is_told_from_one_that_speaks_of_it() {
        for text in ["3. Start: `sudo systemctl start postfix`", "- `systemctl restart x`.", "  1. Now run `systemctl restart x`"]
        {
            assert!(matches!(inline(text), Inline::Told(_)), "{text}");
        }
        for text in [
            "Start: `sudo systemctl start postfix`",
            "- Never run `rm -rf /var`",
            "- Don\u{2019}t run: `systemctl stop x`",
            "- Avoid: `systemctl stop x`",
            "- If it hangs: `systemctl restart x`",
            "- Start: `systemctl start x`, and look at the board",
            "- First `systemctl stop x`, then: `systemctl start x`",
        ] {
            assert!(matches!(inline(text), Inline::Named(_)), "{text}");
        }
        for text in ["- Look at `web-1`", "- `systemctl`", "", "`", "- `sudo ls`", "- Set `x = 1`"] {
            assert_eq!(inline(text), Inline::Nothing, "{text}");
        }
    }
}
