//! A finding.

/// What is wrong. The names are relied upon: by baselines and by comments that allow one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// The file could not be read to its end.
    NotRead,
    /// Prometheus never reads this document.
    UnreadDocument,
    /// The alert has no link.
    NoLink,
    /// The link names a runbook that is not there, or an alert that none serves.
    NoSuchRunbook,
    /// The link gives a value to a parameter that is not there.
    UnknownParam,
    /// A required parameter gets no value.
    MissingParam,
    /// The runbook would not take a value.
    BadValue,
    /// The address is not one that may be followed.
    BadUrl,
    /// What should be the query is part of the fragment.
    QueryAfterFragment,
    /// Prometheus would refuse the template.
    TemplateError,
    /// The link gives something that no link may say.
    ReservedParam,
    /// A label stands in a query as it is.
    LabelNotEscaped,
    /// The label is not there when the alert fires.
    LabelMaybeAbsent,
    /// The link is not encrypted.
    NotHttps,
    /// A label says where the link leads.
    LinkFromLabel,
    /// A runbook serves an alert that no rule fires.
    OrphanRunbook,
    /// A runbook that alerts lead to was not tried for long.
    StaleRehearsal,
    /// Many alerts have one page.
    GenericLink,
    /// The link leads elsewhere.
    External,
}

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// Whoever follows the link stands before nothing, or before the wrong thing.
    Error,
    /// It may go well.
    Warning,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 19] = [
        Self::NotRead,
        Self::UnreadDocument,
        Self::NoLink,
        Self::NoSuchRunbook,
        Self::UnknownParam,
        Self::MissingParam,
        Self::BadValue,
        Self::BadUrl,
        Self::QueryAfterFragment,
        Self::TemplateError,
        Self::ReservedParam,
        Self::LabelNotEscaped,
        Self::LabelMaybeAbsent,
        Self::NotHttps,
        Self::LinkFromLabel,
        Self::OrphanRunbook,
        Self::StaleRehearsal,
        Self::GenericLink,
        Self::External,
    ];

    /// Its name: `no-link`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::NotRead => "not-read",
            Self::UnreadDocument => "unread-document",
            Self::NoLink => "no-link",
            Self::NoSuchRunbook => "no-such-runbook",
            Self::UnknownParam => "unknown-param",
            Self::MissingParam => "missing-param",
            Self::BadValue => "bad-value",
            Self::BadUrl => "bad-url",
            Self::QueryAfterFragment => "query-after-fragment",
            Self::TemplateError => "template-error",
            Self::ReservedParam => "reserved-param",
            Self::LabelNotEscaped => "label-not-escaped",
            Self::LabelMaybeAbsent => "label-maybe-absent",
            Self::NotHttps => "not-https",
            Self::LinkFromLabel => "link-from-label",
            Self::OrphanRunbook => "orphan-runbook",
            Self::StaleRehearsal => "stale-rehearsal",
            Self::GenericLink => "generic-link",
            Self::External => "external-link",
        }
    }

    /// How bad it is, unless somebody wants it otherwise.
    #[must_use]
    pub fn severity(self) -> Severity {
        match self {
            Self::LabelNotEscaped
            | Self::LabelMaybeAbsent
            | Self::NotHttps
            | Self::LinkFromLabel
            | Self::OrphanRunbook
            | Self::StaleRehearsal
            | Self::GenericLink
            | Self::External => Severity::Warning,
            _ => Severity::Error,
        }
    }
}

/// Something that is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What.
    pub kind: Kind,
    /// How bad.
    pub severity: Severity,
    /// The file, as it was named.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// The alert; empty when it is about none.
    pub alert: String,
    /// One sentence.
    pub message: String,
    /// What to write instead.
    pub help: Option<String>,
}

impl Finding {
    /// What makes it the same finding when lines above it come and go.
    #[must_use]
    pub fn identity(&self) -> String {
        format!("{}\t{}\t{}\t{}", self.file, self.alert, self.kind.name(), self.message)
    }
}
