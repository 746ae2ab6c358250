//! Values that cannot be shown.

use std::fmt;

use serde::{Deserialize, Serialize};
use zeroize::{Zeroize as _, Zeroizing};

/// The value of a secret. It has no `Display`, its `Debug` says nothing, and its memory is overwritten when it is dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Hidden(Zeroizing<String>);

impl Hidden {
    /// Takes a value over.
    #[must_use]
    pub fn new(value: String) -> Self {
        Self(Zeroizing::new(value))
    }

    /// The value, for whoever hands it to a program or a server.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hidden")
    }
}

/// A value that must not be seen, and what stands in its place: what the keeper is told over its socket.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Redacted {
    /// What stands in its place: `‹secret db/password›`.
    pub mark: String,
    /// The value.
    pub value: String,
}

impl fmt::Debug for Redacted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.mark)
    }
}

impl Drop for Redacted {
    fn drop(&mut self) {
        self.value.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_way_of_formatting_shows_the_value() {
        let hidden = Hidden::new("hunter2hunter2".to_owned());
        let redacted = Redacted { mark: "‹secret x›".to_owned(), value: "hunter2hunter2".to_owned() };
        assert!(!format!("{hidden:?} {hidden:#?} {redacted:?}").contains("hunter2"));
    }
}
