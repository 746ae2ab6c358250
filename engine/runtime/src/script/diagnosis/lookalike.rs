//! Characters that look like others, or like nothing at all: they come with what is copied from a page or a word processor.

/// What to do about a character that the language does not have.
pub(in crate::script) fn way_out(unexpected: &str) -> Option<String> {
    let mut characters = unexpected.chars();
    let (Some(c), None) = (characters.next(), characters.next()) else { return None };
    let number = format!("U+{:04X}", u32::from(c));
    Some(match c {
        '\u{feff}' => format!("{number} is the mark of a byte order: save the file as UTF-8 without one"),
        '“' | '”' | '„' | '‟' | '«' | '»' | '‘' | '’' | '‚' => {
            format!("{number} is a quotation mark of printed text: write `\"`")
        }
        '‐'..='―' | '−' => format!("{number} looks like a `-` and is none: write it anew"),
        '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{ad}' => {
            format!("{number} cannot be seen: delete it")
        }
        c if c.is_whitespace() && !c.is_ascii() => format!("{number} looks like a blank and is none: write it anew"),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_something_else_is_told_by_its_number() {
        for (c, number, way) in [
            ("\u{feff}", "U+FEFF", "without one"),
            ("“", "U+201C", "write `\"`"),
            ("\u{a0}", "U+00A0", "a blank"),
            ("–", "U+2013", "a `-`"),
            ("\u{200b}", "U+200B", "cannot be seen"),
        ] {
            let told = way_out(c).unwrap_or_default();
            assert!(told.starts_with(number) && told.contains(way), "{told}");
        }
        for plain in ["", "@", "ä", "“x"] {
            assert_eq!(way_out(plain), None, "{plain}");
        }
    }
}
