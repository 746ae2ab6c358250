//! Rule files read and judged, as a whole.

use runbook_alerts::findings::{self, External, Finding, Kind, Severity, Wanted, judge};
use runbook_alerts::mapping::Known;
use runbook_alerts::rules::{self, File};

use super::{Source, Unreadable, text};
use crate::library::Title;
use crate::output::style::Palette;

/// What was read and found.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Checked {
    /// The files that were read.
    pub files: Vec<File>,
    /// Every alert that was judged: its file and its name.
    pub judged: Vec<(String, String)>,
    /// How many of those have a link.
    pub linked: usize,
    /// What is wrong, errors first.
    pub findings: Vec<Finding>,
    /// How many findings the baseline took away.
    pub before: usize,
    /// What was skipped, and why.
    pub skipped: Vec<String>,
    /// Whether a file that somebody named could not be read to its end.
    pub unread: bool,
}

impl Checked {
    /// Reads and judges files.
    #[must_use]
    pub fn of(sources: Vec<Result<Source, Unreadable>>, runbooks: &[Known], titles: &[Title], wanted: &Wanted) -> Self {
        let mut checked = Self::default();
        for source in sources {
            match source {
                Ok(source) => checked.take(&source, runbooks, wanted),
                Err(unreadable) => checked.cannot(unreadable),
            }
        }
        if wanted.external != External::Ignore {
            checked.findings.extend(findings::generic(&checked.files, wanted));
        }
        checked.findings.extend(findings::orphans(&checked.files, runbooks, &|name| file_of(titles, name)));
        checked
    }

    fn take(&mut self, source: &Source, runbooks: &[Known], wanted: &Wanted) {
        let file = rules::read(&source.name, &source.text.text);
        self.unread |= source.named && file.unread.is_some();
        self.findings.extend(judge(&file, runbooks, wanted));
        self.skipped.extend(file.skipped.iter().map(|(line, why)| format!("{}:{line}: {why}", source.name)));
        self.linked += file.rules.iter().filter(|rule| rule.annotations.contains_key(&wanted.annotation)).count();
        self.judged.extend(file.rules.iter().map(|rule| (source.name.clone(), rule.alert.clone())));
        self.files.push(file);
    }

    fn cannot(&mut self, unreadable: Unreadable) {
        self.unread = true;
        self.findings.push(Finding {
            kind: Kind::NotRead,
            severity: Kind::NotRead.severity(),
            file: unreadable.name,
            line: unreadable.line,
            column: 1,
            alert: String::new(),
            message: format!("it cannot be read: {} (RB0041)", unreadable.why),
            help: None,
        });
    }

    /// How many findings are so bad.
    #[must_use]
    pub fn count(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|finding| finding.severity == severity).count()
    }

    /// The findings for people.
    #[must_use]
    pub fn shown(&self, palette: Palette) -> String {
        text::findings(self, palette)
    }

    /// One line about all.
    #[must_use]
    pub fn verdict(&self) -> String {
        text::verdict(self)
    }
}

/// The file of a runbook; empty when there is none of that name.
pub(super) fn file_of(titles: &[Title], name: &str) -> String {
    titles.iter().find(|title| title.name == name).map_or_else(String::new, |title| title.file.clone())
}
