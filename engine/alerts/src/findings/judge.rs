//! Judges the rules of a file one by one.

use std::collections::BTreeSet;

use super::finding::{Finding, Kind, Severity};
use super::reading::Reading;
use super::{labels, ours};
use crate::link::{Link, Target};
use crate::mapping::{Known, may_answer};
use crate::rules::{File, Rule, Said};
use crate::yaml::Place;

/// What is wanted of links.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// The address of our page; without it, every address with `/open/`, `/alert/` or `/a/` is taken for ours.
    pub base: Option<String>,
    /// The annotation that holds the link.
    pub annotation: String,
    /// Only alerts with one of these severities need a link; all when empty.
    pub severities: BTreeSet<String>,
    /// What links to elsewhere are.
    pub external: External,
}

/// What links to elsewhere are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum External {
    /// Nothing to speak of.
    Ignore,
    /// A warning.
    Warn,
    /// An error.
    Error,
}

/// What is wrong with the links of a file.
#[must_use]
pub fn judge(file: &File, runbooks: &[Known], wanted: &Wanted) -> Vec<Finding> {
    let mut found = Vec::new();
    let whole = |kind: Kind, place: Place, message: String, help: Option<&str>| Finding {
        kind,
        severity: kind.severity(),
        file: file.name.clone(),
        line: place.line,
        column: place.column,
        alert: String::new(),
        message,
        help: help.map(str::to_owned),
    };
    for rule in &file.rules {
        let mut judged = Judged { file, rule, wanted, runbooks, found: Vec::new() };
        judged.rule();
        found.extend(judged.found);
    }
    found.extend(file.unread_documents.iter().map(|place| {
        let message =
            "Prometheus reads the first document of a rule file only: the alerts below this `---` never fire".to_owned();
        whole(Kind::UnreadDocument, *place, message, Some("put their groups into the list above, or into a file of their own"))
    }));
    found.extend(
        file.unread.iter().map(|unread| whole(Kind::NotRead, unread.place, format!("reading ended here: {unread}"), None)),
    );
    found
}

pub(super) struct Judged<'a> {
    file: &'a File,
    pub(super) rule: &'a Rule,
    wanted: &'a Wanted,
    pub(super) runbooks: &'a [Known],
    found: Vec<Finding>,
}

impl Judged<'_> {
    pub(super) fn say(&mut self, kind: Kind, place: Place, message: String, help: Option<String>) {
        self.say_as(kind, kind.severity(), place, message, help);
    }

    fn say_as(&mut self, kind: Kind, severity: Severity, place: Place, message: String, help: Option<String>) {
        if !self.rule.allowed.contains(kind.name()) {
            let (file, alert) = (self.file.name.clone(), self.rule.alert.clone());
            self.found.push(Finding { kind, severity, file, line: place.line, column: place.column, alert, message, help });
        }
    }

    fn rule(&mut self) {
        match self.rule.annotations.get(&self.wanted.annotation) {
            Some(said) if !said.text.trim().is_empty() => self.link(said),
            _ => self.none(),
        }
    }

    fn none(&mut self) {
        let severities = &self.wanted.severities;
        let severity = self.rule.fixed.get("severity");
        if !severities.is_empty() && severity.is_some_and(|severity| !severities.contains(severity)) {
            return;
        }
        let message = format!("`{}` has no `{}`", self.rule.alert, self.wanted.annotation);
        let served = self.runbooks.iter().find(|known| may_answer(&known.declaration, &self.rule.alert, &self.rule.fixed));
        let help = match served {
            Some(known) => format!("`{}` serves it: `runbook alerts link` adds the link", known.name),
            None => format!("no runbook serves it: one that does says `serves: [\"{}\"]`", self.rule.alert),
        };
        self.say(Kind::NoLink, self.rule.place, message, Some(help));
    }

    fn link(&mut self, said: &Said) {
        let reading = match Reading::of(&said.text) {
            Ok(reading) => reading,
            Err(error) => return self.say(Kind::TemplateError, said.place, format!("the template is broken: {error}"), None),
        };
        if let Some(action) = reading.led_by_label() {
            let message = format!("a label says where the link leads: `{{{{ {} }}}}`", action.source);
            let help = "labels belong into the query: `?name={{ $labels.x | urlquery }}`".to_owned();
            return self.say(Kind::LinkFromLabel, said.place, message, Some(help));
        }
        self.labels(said, &reading);
        match reading.link() {
            None => {}
            Some(Err(error)) => self.say(Kind::BadUrl, said.place, format!("the link is not followed: {error}"), None),
            Some(Ok(link)) => self.followed(said, &reading, &link),
        }
    }

    fn labels(&mut self, said: &Said, reading: &Reading) {
        for action in reading.in_query().filter(|action| !action.escaped && !action.labels.is_empty()) {
            let message =
                format!("the label in `{{{{ {} }}}}` is not escaped: an `&` or a space in it breaks the link", action.source);
            self.say(Kind::LabelNotEscaped, said.place, message, Some(format!("{{{{ {} | urlquery }}}}", action.source)));
        }
        for label in reading.actions().flat_map(|action| &action.labels) {
            if let Some(why) = labels::missing(self.rule, label) {
                let message = format!("the label `{label}` is not there when the alert fires: {why}");
                self.say(Kind::LabelMaybeAbsent, said.place, message, None);
            }
        }
    }

    fn followed(&mut self, said: &Said, reading: &Reading, link: &Link) {
        let local = ["localhost", "127.", "[::1]"].iter().any(|host| link.host.starts_with(host));
        if link.scheme == "http" && !local {
            let message = "the link is not encrypted: who sits in between may change the page".to_owned();
            self.say(Kind::NotHttps, said.place, message, None);
        }
        if link.query_in_fragment {
            let message = "a `?` behind the `#` begins no query: the values stand in the fragment and are never sent".to_owned();
            self.say(Kind::QueryAfterFragment, said.place, message, Some("first `?name=value`, then `#fragment`".into()));
        }
        match reading.target(link, self.wanted.base.as_deref()) {
            Some(Target::Open { runbook, pairs }) => ours::opens(self, said, &runbook, &pairs),
            Some(Target::Alert { name, labels }) => ours::answers(self, said, &name, &labels),
            Some(Target::Occurrence { .. }) => {}
            Some(Target::Elsewhere) | None => self.elsewhere(said, &link.host),
        }
    }

    fn elsewhere(&mut self, said: &Said, host: &str) {
        let severity = match self.wanted.external {
            External::Ignore => return,
            External::Warn => Severity::Warning,
            External::Error => Severity::Error,
        };
        self.say_as(Kind::External, severity, said.place, format!("the link leads to `{host}`: nothing there can be run"), None);
    }
}
