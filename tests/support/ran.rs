//! What came of running the binary.

use std::fmt;
use std::process::Command;

/// What came of running the binary.
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    pub(crate) fn of(mut command: Command) -> Self {
        let output = command.output().expect("the binary starts");
        Self {
            code: output.status.code(),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Expects each text in what people read.
    #[track_caller]
    pub(crate) fn says(&self, texts: &[&str]) -> &Self {
        for text in texts {
            assert!(self.err.contains(text) || self.out.contains(text), "`{text}` is not said:\n{self}");
        }
        self
    }

    /// Expects that none of the texts is said.
    #[track_caller]
    pub(crate) fn is_silent_about(&self, texts: &[&str]) -> &Self {
        for text in texts {
            assert!(!self.err.contains(text) && !self.out.contains(text), "`{text}` is said:\n{self}");
        }
        self
    }
}

impl fmt::Display for Ran {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "exit code: {:?}\n--- stdout\n{}--- stderr\n{}", self.code, self.out, self.err)
    }
}
