//! The skeleton of a runbook and of its tests.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use runbook_runtime::script::LARGEST;

use super::comment::{comment, is_hidden};
use super::contents::sections;
use super::document::Document;
use super::trial::tests;
use super::writer::{PATTERN, Writer};
use crate::literal::quoted;

/// Links that the head of the runbook takes; the others stand in the text anyway.
const MOST_LINKS: usize = 12;
/// What became of a document.
#[derive(Debug)]
pub struct Imported {
    /// The runbook.
    pub runbook: String,
    /// Its tests.
    pub tests: String,
    /// How many phases, commands and questions it has.
    pub counts: [usize; 3],
    /// The parameters, each with what it stands for.
    pub parameters: BTreeMap<String, String>,
    /// What needs a look, each with its line in the document.
    pub notes: Vec<(usize, String)>,
}

/// Turns a document into a skeleton. `source` is its name, `name` that of the runbook.
#[must_use]
pub fn import(text: &str, source: &str, name: &str, owner: &str) -> Imported {
    // Signs that no text needs: those that hide, and those that this program uses itself between the words of a command.
    // The mark of the byte order that editors on Windows put first is none of the text: behind it a heading would be none.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let text = text.replace("\r\n", "\n").replace(is_hidden, "\u{fffd}");
    let document = Document::read(&text);
    let mut notes = Vec::new();
    let (title, about, sections) = sections(document.blocks, name, &mut notes);
    let mut writer = Writer::new(source, notes);
    for section in &sections {
        // What is too much for one script is refused by its size, and need not be written to its end.
        if writer.body.len() > LARGEST {
            break;
        }
        writer.section(section);
    }
    let links: Vec<_> =
        document.links.iter().filter(|link| link.starts_with("https://") || link.starts_with("http://")).collect();
    let mut runbook = comment(
        "//!",
        &format!(
            "{title}\n\nImported from {source} by `runbook import`. Each command stands behind a question: a text that was read by people is not yet\na runbook that can be trusted. Say what rolls each command back, turn looks into checks, and take the questions out that nobody needs."
        ),
        0,
    );
    if !about.is_empty() {
        runbook.push_str(&comment("//!", &format!("\n{about}"), 0));
    }
    let _infallible = write!(runbook, "\nlet p = runbook(#{{\n    title: {},\n    owner: {},\n", quoted(&title), quoted(owner));
    if !writer.parameters.is_empty() {
        runbook.push_str("    params: #{\n");
        for (name, help) in &writer.parameters {
            let fallback = writer.fallbacks.get(name).map(|value| format!(", fallback: {}", quoted(value))).unwrap_or_default();
            let (help, pattern) = (quoted(help), quoted(PATTERN));
            let _infallible = writeln!(runbook, "        {name}: #{{ help: {help}, pattern: {pattern}{fallback} }},");
        }
        runbook.push_str("    },\n");
    }
    if !links.is_empty() {
        let links: Vec<_> = links.iter().take(MOST_LINKS).map(|link| format!("        {},\n", quoted(link))).collect();
        let _infallible = write!(runbook, "    links: [\n{}    ],\n", links.concat());
    }
    runbook.push_str("});\n");
    runbook.push_str(&writer.body);
    let tests = tests(name, &writer);
    writer.notes.sort();
    Imported { runbook, tests, counts: writer.counts, parameters: writer.parameters, notes: writer.notes }
}
