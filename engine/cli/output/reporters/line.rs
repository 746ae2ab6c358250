//! A line of the story, before anybody decides how it looks.

use jiff::Timestamp;

use crate::output::style::Tone;

/// One fact as people read it. Texts are as they came: whoever shows them makes them safe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// When the fact was written down.
    pub at: Timestamp,
    /// What kind of news it is.
    pub mark: Mark,
    /// How many phases enclose it.
    pub depth: usize,
    /// `check`, `command`, `confirm`, `rollback`, or nothing.
    pub kind: &'static str,
    /// What it is about.
    pub text: String,
    /// What else is to say in a few words: how long it took, who decided.
    pub aside: String,
    /// What is to be read below it.
    pub details: Vec<Detail>,
    /// It begins or ends something: an empty line before it helps the eye.
    pub apart: bool,
}

impl Line {
    /// A line with nothing but its text.
    #[must_use]
    pub fn new(at: Timestamp, mark: Mark, text: impl Into<String>) -> Self {
        Self { at, mark, depth: 0, kind: "", text: text.into(), aside: String::new(), details: Vec::new(), apart: false }
    }

    /// The same with a remark.
    #[must_use]
    pub fn aside(mut self, aside: impl Into<String>) -> Self {
        self.aside = aside.into();
        self
    }

    /// The same so many phases deep.
    #[must_use]
    pub fn depth(mut self, depth: usize) -> Self {
        self.depth = depth;
        self
    }

    /// The same for a kind of step.
    #[must_use]
    pub fn kind(mut self, kind: &'static str) -> Self {
        self.kind = kind;
        self
    }

    /// The same, standing apart from what came before.
    #[must_use]
    pub fn apart(mut self) -> Self {
        self.apart = true;
        self
    }

    /// The same with more to read.
    #[must_use]
    pub fn details(mut self, details: impl IntoIterator<Item = Detail>) -> Self {
        self.details.extend(details);
        self
    }
}

/// Something to read below a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Detail {
    /// One line of text.
    Text(Tone, String),
    /// What a program printed or a server answered: any bytes.
    Output(Vec<u8>),
    /// Which stream the output below it comes from.
    Stream(&'static str),
}

/// What kind of news a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// A run, a session, a section begins.
    Heading,
    /// A phase.
    Phase,
    /// It is done.
    Done,
    /// A rehearsal really looked, and it holds.
    Verified,
    /// It failed.
    Failed,
    /// It needs a look.
    Warning,
    /// It was rolled back.
    RolledBack,
    /// Nobody knows whether it took effect.
    InDoubt,
    /// A rehearsal did not do it.
    Withheld,
    /// A rehearsal cannot know it.
    Unknown,
    /// It was passed over.
    Skipped,
    /// It waits for a person.
    Waiting,
    /// For the record.
    Note,
    /// What to type next.
    Next,
}

impl Mark {
    /// A character that stands out without colour.
    #[must_use]
    pub fn symbol(self, unicode: bool) -> &'static str {
        let (fine, ascii) = match self {
            Self::Heading => ("", ""),
            Self::Phase => ("▸", ">"),
            Self::Done | Self::Verified => ("✓", "+"),
            Self::Failed => ("✗", "X"),
            Self::Warning => ("⚠", "!"),
            Self::RolledBack => ("↩", "<"),
            Self::InDoubt | Self::Unknown => ("?", "?"),
            Self::Withheld => ("◌", "o"),
            Self::Skipped => ("»", "-"),
            Self::Waiting => ("…", "~"),
            Self::Note => ("·", "."),
            Self::Next => ("→", "next:"),
        };
        if unicode { fine } else { ascii }
    }

    /// A word for logs.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Heading | Self::Note => "",
            Self::Phase => "phase",
            Self::Done => "done",
            Self::Verified => "verified",
            Self::Failed => "FAILED",
            Self::Warning => "WARNING",
            Self::RolledBack => "rolled back",
            Self::InDoubt => "IN DOUBT",
            Self::Withheld => "withheld",
            Self::Unknown => "unknown",
            Self::Skipped => "skipped",
            Self::Waiting => "waiting",
            Self::Next => "next",
        }
    }

    /// Its colour.
    #[must_use]
    pub fn tone(self) -> Tone {
        match self {
            Self::Heading | Self::Phase | Self::Next => Tone::Strong,
            Self::Done | Self::Verified => Tone::Good,
            Self::Failed => Tone::Bad,
            Self::Warning | Self::InDoubt | Self::Waiting => Tone::Warn,
            Self::RolledBack => Tone::Back,
            Self::Withheld => Tone::Withheld,
            Self::Unknown => Tone::Unknown,
            Self::Skipped | Self::Note => Tone::Faint,
        }
    }
}
