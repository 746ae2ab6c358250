//! Looks at the world that a check may take.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::answer::{ExitStatus, Exited, Response};
use crate::change::Invocation;
use crate::failure::signal_name;
use crate::length::Length;
use crate::secret::SecretUse;
use crate::{Value, excerpt::Bytes};

/// One look at the world. None of them changes anything by itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Observation {
    /// An HTTP request with a method that changes nothing (GET or HEAD); redirects are followed at most 5 times.
    Http {
        /// `GET` or `HEAD`.
        method: String,
        /// The address.
        url: String,
        /// Header fields.
        headers: BTreeMap<String, String>,
        /// How long the answer may take; 10 s when absent.
        timeout: Option<Length>,
        /// The secrets that go into `headers`.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        secrets: Vec<SecretUse>,
        /// A file of certificates (PEM): the only authorities that count for this request.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ca: Option<String>,
    },
    /// What a program prints that only looks. 30 s when `timeout` is absent.
    Output {
        /// The program.
        invocation: Invocation,
        /// After this time it is stopped.
        timeout: Option<Length>,
    },
    /// The content of a file, at most [`crate::excerpt::KEPT`] bytes unless `limit` says more.
    ReadFile {
        /// The file.
        path: String,
    },
    /// Where a symbolic link points.
    ReadLink {
        /// The link.
        path: String,
    },
    /// Whether something is there, and what.
    Stat {
        /// The path.
        path: String,
    },
    /// The names in a directory, sorted.
    ListDir {
        /// The directory.
        path: String,
    },
    /// Whether a TCP connection can be opened.
    Tcp {
        /// `host:port`.
        address: String,
        /// How long it may take; 5 s when absent.
        timeout: Option<Length>,
    },
    /// The addresses of a name.
    Resolve {
        /// The name.
        name: String,
    },
    /// The processes whose program name is this.
    Processes {
        /// The name.
        name: String,
    },
    /// An environment variable of the engine.
    Env {
        /// The variable.
        name: String,
    },
    /// The time, as RFC 3339 in UTC.
    Now,
}

/// What was seen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Seen {
    /// An HTTP answer, whatever its status.
    Response(Response),
    /// How a program ended, whatever its code.
    Exited(Exited),
    /// The content of a file.
    Content(Bytes),
    /// A value: text, list, number, map, `null` when it is not there.
    Value(Value),
}

/// A look that could not be taken: not a "no", but no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct NotSeen {
    /// What went wrong, with the name of the thing.
    pub message: String,
}

impl Seen {
    /// What was seen, in one line of at most about 120 characters, for the record.
    #[must_use]
    pub fn line(&self) -> String {
        let line = match self {
            Self::Response(response) => format!("status {}, {} bytes", response.status, response.body.0.len()),
            Self::Exited(exited) => match exited.status {
                ExitStatus::Code(code) => format!("exit code {code}, {} bytes of output", exited.stdout.size),
                ExitStatus::Signal(signal) => format!("killed by {}", signal_name(signal)),
            },
            Self::Content(bytes) => format!("{} bytes", bytes.0.len()),
            // A path where nothing is: `null` is no word for people.
            Self::Value(Value::Null) => "nothing".to_owned(),
            Self::Value(value) => value.to_string(),
        };
        match line.char_indices().nth(120) {
            Some((end, _)) => format!("{}…", &line[..end]),
            None => line,
        }
    }
}
