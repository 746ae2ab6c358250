//! How a program is run, beyond what it is given: at which terminal, how much of its output is kept, how far a stop reaches.

use serde::{Deserialize, Serialize};

use crate::size::Size;

/// How a program is run. The usual way has no terminal, keeps the usual part of the output, and stops the process group.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Manner {
    /// The terminal that the program gets; none when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub terminal: Option<Terminal>,
    /// The most of each stream that is kept on disk: its head and its tail; 64 MiB when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<Size>,
    /// Who is stopped with the program.
    #[serde(skip_serializing_if = "Reach::is_group")]
    pub stop: Reach,
}

impl Manner {
    /// Whether nothing special was asked for.
    #[must_use]
    pub fn is_usual(&self) -> bool {
        *self == Self::default()
    }

    /// Whether a person has to be there.
    #[must_use]
    pub fn is_interactive(&self) -> bool {
        self.terminal == Some(Terminal::Operators)
    }
}

/// The terminal of a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Terminal {
    /// One of its own, at which nobody sits.
    Own,
    /// One at which the operator sits while it runs.
    Operators,
}

/// Who is stopped when a program is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// Its process group. Who has left that is named as a survivor, and spared: it may be a service that was started.
    #[default]
    Group,
    /// Everybody whom it started, and whom those started.
    Everything,
}

impl Reach {
    /// Whether it is the usual one.
    #[must_use]
    pub fn is_group(&self) -> bool {
        *self == Self::Group
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_manner_leaves_no_trace_in_a_journal_and_others_are_found_again() {
        assert_eq!(serde_json::to_string(&Manner::default()).expect("JSON"), "{}");
        let manner = Manner { terminal: Some(Terminal::Own), output: "10MiB".parse().ok(), stop: Reach::Everything };
        let json = serde_json::to_string(&manner).expect("JSON");
        assert_eq!(json, r#"{"terminal":"own","output":"10MiB","stop":"everything"}"#);
        assert_eq!(serde_json::from_str::<Manner>(&json).expect("own JSON"), manner);
    }
}
