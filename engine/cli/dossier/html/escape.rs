//! The one place that makes text safe to stand in a page.

use crate::output::safe::{self, Colours};

/// A text on one line, as content or as the value of an attribute in double quotes.
pub(crate) fn line(text: &str) -> String {
    escaped(&safe::line(text))
}

/// Bytes as lines of text. What cannot be seen is shown by name; colours are left out.
pub(crate) fn block(bytes: &[u8]) -> String {
    escaped(&safe::block(bytes, Colours::Dropped))
}

fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            // Not characters in HTML at all.
            '\u{fdd0}'..='\u{fdef}' => safe.push('\u{fffd}'),
            c if u32::from(c) & 0xfffe == 0xfffe => safe.push('\u{fffd}'),
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn nothing_leaves_its_place(bytes in prop::collection::vec(any::<u8>(), 0..60), text in "[<>&\"'a-z\u{0}-\u{1f}\u{202e}]{0,20}") {
            for shown in [block(&bytes), line(&text)] {
                prop_assert!(!shown.contains(['<', '>', '"', '\'']), "{shown}");
                prop_assert!(!shown.contains(|c: char| c.is_control() && c != '\n' && c != '\t'), "{shown:?}");
            }
        }
    }

    #[test]
    fn what_is_escaped_is_read_back_by_a_browser_as_it_was() {
        assert_eq!(line("a<b>&\"'\u{1b}[0m\u{202e}"), "a&lt;b&gt;&amp;&quot;&#39;␛[0m\\u{202e}");
    }
}
