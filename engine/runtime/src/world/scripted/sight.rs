//! What a look sees, when its turn comes.

use std::collections::BTreeMap;

use runbook_model::Value;
use runbook_model::answer::Response;
use runbook_model::excerpt::Bytes;
use runbook_model::observation::{NotSeen, Seen};

use super::act::exited;

/// What one look sees.
#[derive(Debug, Clone, PartialEq)]
pub struct Sight(pub(super) Result<Seen, NotSeen>);

impl Sight {
    /// An HTTP answer without body.
    #[must_use]
    pub fn status(status: u16) -> Self {
        Self::response(status, "")
    }

    /// An HTTP answer.
    #[must_use]
    pub fn response(status: u16, body: &str) -> Self {
        Self::answer(status, BTreeMap::new(), body)
    }

    /// An HTTP answer with header fields, their names in lower case.
    #[must_use]
    pub fn answer(status: u16, headers: BTreeMap<String, String>, body: &str) -> Self {
        Self(Ok(Seen::Response(Response { status, headers, body: Bytes::from(body), ..Response::default() })))
    }

    /// A program's exit code and standard output.
    #[must_use]
    pub fn output(code: i32, stdout: &str) -> Self {
        Self(Ok(Seen::Exited(exited(code, stdout, ""))))
    }

    /// A program's exit code, and what it said on both streams.
    #[must_use]
    pub fn ended(code: i32, stdout: &str, stderr: &str) -> Self {
        Self(Ok(Seen::Exited(exited(code, stdout, stderr))))
    }

    /// The content of a file.
    #[must_use]
    pub fn content(text: &str) -> Self {
        Self(Ok(Seen::Content(Bytes::from(text))))
    }

    /// Any other value.
    #[must_use]
    pub fn value(value: impl Into<Value>) -> Self {
        Self(Ok(Seen::Value(value.into())))
    }

    /// The look cannot be taken.
    #[must_use]
    pub fn fails(message: &str) -> Self {
        Self(Err(NotSeen { message: message.to_owned() }))
    }
}
