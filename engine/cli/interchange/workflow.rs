//! Workflow commands of GitHub Actions: a line on standard output that begins with `::error` or `::warning`.

/// As the runner takes it back: a line break would end the annotation, and begin another that a file could choose.
pub(crate) fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The same for the value of a property, which a colon or a comma would end.
pub(crate) fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_begins_no_command_and_ends_no_property() {
        assert_eq!(data("a\r\n::error::b%"), "a%0D%0A::error::b%25");
        assert_eq!(property("a,file=b:1"), "a%2Cfile=b%3A1");
    }
}
