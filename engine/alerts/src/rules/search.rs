//! Looks for rules in documents.
//!
//! A list called `rules` that holds an alert is a group, wherever it stands: below `groups`, `spec`, the name of a tenant, a key of a
//! chart's values. So what wraps rules next year is read as well, as long as it does not wrap them deeper than anybody would.

use std::sync::Arc;

use super::allowed::allowed;
use super::embedded::Inside;
use super::{File, foreign, rule};
use crate::yaml::{self, Node, Place, Shape, Unread};

/// The most rules of one file, aliases counted each time.
pub const MOST: usize = 200_000;
/// The most looks at anything in one file: a list of aliases of lists of aliases is not walked to its end.
const LOOKS: usize = 4_000_000;
/// So deep, a list called `rules` is looked for: `List`, `items`, an item, `spec`, `groups`, a group, and some more.
const DEEPEST: usize = 10;
/// The most texts of one file that are read as rule files themselves.
const TEXTS: usize = 1_000;

/// Reads the rules of a file.
#[must_use]
pub fn read(name: &str, text: &str) -> File {
    if let Some(why) = foreign::language(name) {
        return File { name: name.to_owned(), skipped: vec![(1, why.to_owned())], ..File::default() };
    }
    let mut search = Search { file: File { name: name.to_owned(), ..File::default() }, looks: 0, texts: 0 };
    search.text(text, Inside::File);
    let mut file = search.file;
    if let Some(unread) = &file.unread
        && let Some(why) = foreign::template(text)
    {
        // What stands above the place is not all, and what a template makes of it nobody knows.
        file.skipped = vec![(unread.place.line, why.to_owned())];
        file.rules.clear();
        file.unread = None;
    }
    file
}

struct Search {
    file: File,
    looks: usize,
    texts: usize,
}

/// The text that is read now.
struct Text<'a> {
    lines: Vec<&'a str>,
    inside: Inside,
}

/// Where in a document the search is.
#[derive(Clone, Copy)]
struct At {
    depth: usize,
    /// In a rule of VictoriaMetrics.
    victoria: bool,
}

impl Search {
    fn text(&mut self, text: &str, inside: Inside) {
        let (documents, unread) = yaml::read(text);
        let text = Text { lines: text.lines().collect(), inside };
        let plain = |node: &Arc<Node>| node.get("groups").is_some() && node.get("apiVersion").is_none();
        let first_is_plain = documents.first().is_some_and(plain);
        for (at, document) in documents.iter().enumerate() {
            if at > 0 && first_is_plain && plain(document) {
                self.file.unread_documents.push(inside.place(document.start));
            } else if !self.node(document, &text, At { depth: 0, victoria: false })
                && inside == Inside::File
                && let Some(why) = foreign::document(document)
            {
                self.file.skipped.push((document.start.line, why.to_owned()));
            }
        }
        if let Some(unread) = unread {
            let place = inside.place(unread.place);
            self.file.unread.get_or_insert(Unread { place, ..unread });
        }
    }

    /// Whether there is anything that holds rules, or could.
    fn node(&mut self, node: &Arc<Node>, text: &Text<'_>, at: At) -> bool {
        if at.depth > DEEPEST || !self.may_look(node, text.inside) {
            return false;
        }
        let victoria = at.victoria || node.text_of("kind") == Some("VMRule");
        let below = At { depth: at.depth + 1, victoria };
        match &node.shape {
            Shape::Scalar { .. } => false,
            // Lists in lists hold no rules; what is made of them is made to be walked for ever.
            Shape::List(items) => {
                let mut found = self.is_group(items) && self.group(items, None, text, victoria);
                for item in items.iter().filter(|item| matches!(item.shape, Shape::Map(_)) && !rule::is_alert(item)) {
                    found |= self.node(item, text, below);
                }
                found
            }
            Shape::Map(_) if node.text_of("kind") == Some("ConfigMap") => self.config_map(node, text),
            Shape::Map(entries) => {
                let mut found = at.depth == 0 && node.get("groups").is_some();
                for (key, value) in entries {
                    found |= match key.text() {
                        Some("rules") if self.is_group(value.items()) => {
                            self.group(value.items(), node.get("labels").map(|labels| &**labels), text, victoria)
                        }
                        Some("labels" | "annotations" | "metadata") => false,
                        // `groups:` may be empty, and is a rule file all the same.
                        Some("groups") => self.node(value, text, below) || matches!(value.shape, Shape::List(_)),
                        _ => self.node(value, text, below),
                    };
                }
                found
            }
        }
    }

    fn is_group(&self, items: &[Arc<Node>]) -> bool {
        items.iter().any(|item| rule::is_alert(item))
    }

    fn group(&mut self, rules: &[Arc<Node>], common: Option<&Node>, text: &Text<'_>, victoria: bool) -> bool {
        for node in rules {
            if !self.may_look(node, text.inside) {
                break;
            }
            if let Some(mut rule) = rule::of(node, common) {
                rule.sees_own_labels = victoria;
                rule.allowed = allowed(&text.lines, node.start.line, node.last_line());
                if text.inside != Inside::File {
                    rule.node = Err("it stands in a text inside of another file: add the link where that text comes from");
                }
                self.file.rules.push(rule.moved(|place| text.inside.place(place)));
            }
        }
        true
    }

    /// Rule files as texts: each key of a `ConfigMap` is a file.
    fn config_map(&mut self, node: &Node, text: &Text<'_>) -> bool {
        if text.inside != Inside::File {
            return false;
        }
        let before = self.file.rules.len();
        for (key, value) in node.get("data").map(|data| data.entries()).unwrap_or_default() {
            let Some(inner) = value.text().filter(|inner| inner.contains("rules") && inner.contains("groups")) else { continue };
            self.texts += 1;
            if self.texts > TEXTS {
                let message = format!("it holds more than {TEXTS} files as texts");
                self.file.unread.get_or_insert_with(|| Unread::new(value.start, message));
                break;
            }
            let unread = self.file.unread.is_some();
            self.text(inner, Inside::of(key, value, &text.lines));
            // A script or a text for people that speaks of rules and groups is none of them.
            let is_rules = [".yaml", ".yml", ".json", ".rules"].iter().any(|end| key.text().unwrap_or_default().ends_with(end));
            if !is_rules && !unread {
                self.file.unread = None;
            }
        }
        self.file.rules.len() > before
    }

    fn may_look(&mut self, node: &Node, inside: Inside) -> bool {
        self.looks += 1;
        let why = match (self.file.rules.len() >= MOST, self.looks > LOOKS) {
            (true, _) => format!("it holds more than {MOST} rules"),
            (_, true) => "its aliases make more of it than can be looked at".to_owned(),
            _ => return true,
        };
        let place: Place = inside.place(node.start);
        self.file.unread.get_or_insert_with(|| Unread::new(place, why));
        false
    }
}
