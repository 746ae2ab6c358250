//! Judges the rules of a file one by one.

use std::collections::BTreeSet;

use super::finding::{Finding, Kind, Severity};
use super::{labels, ours};
use crate::link::{self, Target};
use crate::mapping::{Known, may_answer};
use crate::rules::{File, Rule, Said};
use crate::template::{Action, Piece, pieces};
use crate::yaml::Place;

/// What stands where a template will put something. No address, name or value holds it otherwise.
pub(super) const HOLE: char = '\u{f8ff}';

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
        let parts = match pieces(said.text.trim()) {
            Ok(parts) => parts,
            Err(error) => return self.say(Kind::TemplateError, said.place, format!("the template is broken: {error}"), None),
        };
        let mut text = String::new();
        let mut actions = Vec::new();
        for part in parts {
            match part {
                Piece::Text(part) => text.push_str(&part.replace(HOLE, "\u{fffd}")),
                Piece::Action(action) => {
                    actions.push((text.len(), action));
                    text.push(HOLE);
                }
            }
        }
        // A hole in front of the query says where the link leads. One at the very beginning is a host from the configuration
        // of Prometheus (`{{ $externalURL }}`), as long as no label stands in it.
        let query = text.find('?').unwrap_or(text.len());
        if let Some((_, action)) = actions.iter().find(|(at, action)| *at < query && !action.labels.is_empty()) {
            let message = format!("a label says where the link leads: `{{{{ {} }}}}`", action.source);
            self.say(
                Kind::LinkFromLabel,
                said.place,
                message,
                Some("labels belong into the query: `?name={{ $labels.x | urlquery }}`".into()),
            );
            return;
        }
        self.labels(said, &actions, query);
        if actions.iter().any(|(at, action)| *at < query && action.labels.is_empty()) {
            // Where it leads is not known here.
            return;
        }
        match link::read(&text) {
            Err(error) => self.say(Kind::BadUrl, said.place, format!("the link is not followed: {error}"), None),
            Ok(read) => self.read(said, &text, &read),
        }
    }

    fn labels(&mut self, said: &Said, actions: &[(usize, Action)], query: usize) {
        for (at, action) in actions {
            if *at > query && !action.escaped && !action.labels.is_empty() {
                let message =
                    format!("the label in `{{{{ {} }}}}` is not escaped: an `&` or a space in it breaks the link", action.source);
                self.say(Kind::LabelNotEscaped, said.place, message, Some(format!("{{{{ {} | urlquery }}}}", action.source)));
            }
            for label in &action.labels {
                if let Some(why) = labels::missing(self.rule, label) {
                    let message = format!("the label `{label}` is not there when the alert fires: {why}");
                    self.say(Kind::LabelMaybeAbsent, said.place, message, None);
                }
            }
        }
    }

    fn read(&mut self, said: &Said, text: &str, read: &link::Link) {
        let local = ["localhost", "127.", "[::1]"].iter().any(|host| read.host.starts_with(host));
        if read.scheme == "http" && !local {
            self.say(
                Kind::NotHttps,
                said.place,
                "the link is not encrypted: who sits in between may change the page".into(),
                None,
            );
        }
        if read.query_in_fragment {
            let message = "a `?` behind the `#` begins no query: the values stand in the fragment and are never sent".to_owned();
            self.say(Kind::QueryAfterFragment, said.place, message, Some("first `?name=value`, then `#fragment`".into()));
        }
        let below = |base: &str| {
            let base = base.trim_end_matches('/');
            text.get(..base.len()).is_some_and(|start| start.eq_ignore_ascii_case(base)) && text[base.len()..].starts_with('/')
        };
        let here = self.wanted.base.as_deref().is_none_or(below) || read.scheme == "runbook";
        let target = match &self.wanted.base {
            // The page may live below a path of its host.
            Some(base) if here && read.scheme != "runbook" => {
                let rest = &text[base.trim_end_matches('/').len()..];
                link::read(&format!("https://page{rest}")).map_or(Target::Elsewhere, |read| read.target)
            }
            _ => read.target.clone(),
        };
        match target {
            Target::Open { runbook, pairs } if here => ours::opens(self, said, &runbook, &pairs),
            Target::Alert { name, labels } if here => ours::answers(self, said, &name, &labels),
            Target::Occurrence { .. } if here => {}
            _ => self.elsewhere(said, &read.host),
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
