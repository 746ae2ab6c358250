//! One word that could be typed.

/// One word that could be typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// The word, as the program would get it.
    pub value: String,
    /// What it is, in a few words; may be empty.
    pub about: String,
}

impl Offer {
    /// A word with what it is.
    pub fn new(value: impl Into<String>, about: impl Into<String>) -> Self {
        Self { value: value.into(), about: about.into() }
    }

    /// A word that speaks for itself.
    pub fn plain(value: impl Into<String>) -> Self {
        Self::new(value, "")
    }

    /// Whether a shell may be told of it. A word with a line break or an escape sequence would be several offers, or would
    /// be drawn on the terminal; nobody misses the completion of such a name.
    #[must_use]
    pub fn is_safe(&self) -> bool {
        !self.value.is_empty() && crate::output::safe::line(&self.value) == self.value
    }

    /// What it is, on one line that cannot be mistaken for another offer.
    #[must_use]
    pub fn shown(&self) -> String {
        crate::output::safe::line(self.about.lines().next().unwrap_or_default()).replace('\t', " ")
    }
}
