//! Secrets as the journal knows them: by name and place, never by value.
//!
//! A text that a secret goes into shows the mark `‹secret NAME›` in its place. What makes the mark a secret is not the
//! mark, which anybody can type, but a [`SecretUse`] that names the text and the byte where it stands.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::digest::Digest;

/// The longest name of a secret, in bytes.
pub const LONGEST_NAME: usize = 100;

/// Whether this can be the name of a secret: letters, digits, `-`, `_`, `.` and `/` between them, as in `db/password`.
///
/// A name is handed to programs as an argument and looked up in stores that are directories: so it neither begins with
/// `-` or `/` nor holds `..` or an empty part.
#[must_use]
pub fn is_name(text: &str) -> bool {
    let part = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
            && part.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
            && !part.contains("..")
    };
    text.len() <= LONGEST_NAME && text.split('/').all(part)
}

/// What stands for a secret in everything that is written or shown.
#[must_use]
pub fn mark(name: &str) -> String {
    format!("‹secret {name}›")
}

/// What a header shows of itself: one whose name says that it holds a credential, and whose value was typed in plain text,
/// shows none of it. A value with the mark of a secret in it is shown: the mark says what goes there, and betrays nothing.
#[must_use]
pub fn header<'a>(name: &str, value: &'a str) -> &'a str {
    const CREDENTIALS: [&str; 8] = ["auth", "cookie", "token", "key", "secret", "passw", "credential", "signature"];
    let name = name.to_ascii_lowercase();
    let is_credential = CREDENTIALS.iter().any(|word| name.contains(word));
    if is_credential && without_marks(value) == value { "‹not shown›" } else { value }
}

/// The text without the marks of secrets in it.
#[must_use]
pub fn without_marks(text: &str) -> String {
    let (mut rest, mut plain) = (text, String::with_capacity(text.len()));
    while let Some((before, marked)) = rest.split_once("‹secret ") {
        plain.push_str(before);
        match marked.split_once('›') {
            Some((name, after)) if is_name(name.trim_start_matches('$')) => rest = after,
            _ => {
                plain.push_str("‹secret ");
                rest = marked;
            }
        }
    }
    plain.push_str(rest);
    plain
}

/// A place where a secret goes into a change or a look.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecretUse {
    /// The name of the secret.
    pub name: String,
    /// The text that it goes into.
    #[serde(rename = "in")]
    pub place: Place,
    /// The byte of that text at which its mark stands.
    pub at: usize,
    /// A keyed digest of the value that was used: with the key of the run, which is neither in the journal nor in git, it
    /// tells the same value from a changed one, and nobody without the key can guess by it. Absent until the step is about
    /// to start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub print: Option<Digest>,
    /// The run used another value of it before.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub changed: bool,
}

/// A text that a secret can go into.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// This variable of the environment.
    Env(String),
    /// The file that this variable of the environment names.
    EnvFile(String),
    /// What the program reads.
    Stdin,
    /// The content of the file.
    Content,
    /// This header field.
    Header(String),
    /// The body of the request.
    Body,
    /// The text at this JSON pointer of the body.
    Json(String),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Env(name) => write!(f, "the variable {name}"),
            Self::EnvFile(name) => write!(f, "the file of {name}"),
            Self::Stdin => f.write_str("the input"),
            Self::Content => f.write_str("the content"),
            Self::Header(name) => write!(f, "the header {name}"),
            Self::Body => f.write_str("the body"),
            Self::Json(pointer) => write!(f, "the body at {pointer}"),
        }
    }
}

/// Bytes that only this run can read: encrypted with the key of the run, in hexadecimal digits.
///
/// What stood in a file of secrets before it was written has to be kept for the rollback, and must not stand in git.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sealed(pub String);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_credential_typed_in_plain_text_is_not_shown() {
        for name in ["Authorization", "cookie", "X-Auth-Token", "x-api-key", "PRIVATE-TOKEN"] {
            assert_eq!(header(name, "Bearer abc"), "‹not shown›", "{name}");
            assert_eq!(header(name, "Bearer ‹secret api›"), "Bearer ‹secret api›", "{name}");
        }
        assert_eq!(header("accept", "text/plain"), "text/plain");
    }

    #[test]
    fn names_can_be_arguments_and_paths() {
        for name in ["a", "db/password", "_x/1.y-z", "A/b/c"] {
            assert!(is_name(name), "{name}");
        }
        let long = "x".repeat(LONGEST_NAME + 1);
        for name in ["", "-rf", "/etc/passwd", "a//b", "a/", "../b", "a/../b", "a/-b", "a b", "a\n", "ä", "a..b", &long] {
            assert!(!is_name(name), "{name}");
        }
    }

    #[test]
    fn marks_can_be_taken_out_and_nothing_else() {
        assert_eq!(without_marks("a ‹secret x/y›b‹secret $TOKEN› ‹output of \"x\"›"), "a b ‹output of \"x\"›");
        for text in ["", "‹secret ", "‹secret a b›", "‹secret ‹secret a b› c", "›‹"] {
            assert_eq!(without_marks(text), text);
        }
    }

    proptest! {
        #[test]
        fn a_name_never_leaves_its_directory(name in "[a./_-]{0,8}") {
            prop_assume!(is_name(&name));
            prop_assert!(!name.starts_with(['/', '-', '.']) && !name.split('/').any(|part| part.is_empty() || part.contains("..")));
        }
    }

    #[test]
    fn a_use_that_was_not_prepared_is_short() {
        let place = Place::Header("Authorization".to_owned());
        let used = SecretUse { name: "api/token".to_owned(), place, at: 7, print: None, changed: false };
        let json = serde_json::to_string(&used).expect("JSON");
        assert_eq!(json, r#"{"name":"api/token","in":{"header":"Authorization"},"at":7}"#);
        assert_eq!(serde_json::from_str::<SecretUse>(&json).expect("own JSON"), used);
    }
}
