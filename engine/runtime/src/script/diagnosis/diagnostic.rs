//! What is wrong with a script, as data: for a terminal, an editor or a report.

use std::fmt;
use std::sync::Arc;

use runbook_model::step::Location;
use serde::Serialize;

use crate::script::diagnosis::code::Code;
use crate::script::source::Sources;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The script cannot run, or could not go on.
    Error,
    /// It can, but probably does something else than its author thinks.
    Warning,
}

/// A stretch of one line; line and column count from 1, column and length in characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Span {
    /// The file, relative to the root of the runbook repository, or `std/…`.
    pub file: String,
    /// The line.
    pub line: u32,
    /// The column.
    pub column: u32,
    /// How many characters; at least 1.
    pub length: u32,
}

impl Span {
    /// The place where it begins.
    #[must_use]
    pub fn location(&self) -> Location {
        Location { file: self.file.clone(), line: self.line, column: self.column }
    }
}

/// A stretch with a remark.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Label {
    /// Where.
    pub span: Span,
    /// The remark.
    pub text: String,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// Which kind of mistake it is.
    pub code: Code,
    /// What is wrong, in one line.
    pub message: String,
    /// Where; absent when it belongs to no place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub span: Option<Span>,
    /// A remark at that place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Other places that belong to it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<Label>,
    /// The way out, in one line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// The calls that led there, innermost first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub trail: Vec<Label>,
}

impl Diagnostic {
    /// An error that belongs to no place yet.
    #[must_use]
    pub fn error(code: Code, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            code,
            message: message.into(),
            span: None,
            label: None,
            labels: Vec::new(),
            help: None,
            trail: Vec::new(),
        }
    }

    /// A warning that belongs to no place yet.
    #[must_use]
    pub fn warning(code: Code, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, message) }
    }

    /// The same at this place.
    #[must_use]
    pub fn at(mut self, span: Option<Span>) -> Self {
        self.span = span;
        self
    }

    /// The same with a way out.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The same with a remark at its place.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }
}

/// Everything that is wrong with a script, with the sources that it is about; never empty.
#[derive(Debug, Clone)]
pub struct Diagnostics {
    /// One by one, in the order of the text where that is possible.
    pub all: Vec<Diagnostic>,
    pub(super) sources: Arc<Sources>,
}

impl Diagnostics {
    pub(in crate::script) fn new(all: Vec<Diagnostic>, sources: Arc<Sources>) -> Self {
        Self { all, sources }
    }

    /// The first message, for where only one line is wanted.
    #[must_use]
    pub fn line(&self) -> String {
        self.all.first().map(|first| first.message.clone()).unwrap_or_default()
    }

    /// Where the first one stands.
    #[must_use]
    pub fn location(&self) -> Option<Location> {
        self.all.first().and_then(|first| first.span.as_ref()).map(Span::location)
    }
}

impl PartialEq for Diagnostics {
    fn eq(&self, other: &Self) -> bool {
        self.all == other.all
    }
}

impl Serialize for Diagnostics {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.all.serialize(serializer)
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for Diagnostics {}
