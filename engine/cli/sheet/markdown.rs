//! A runbook as Markdown, for a wiki page or the documentation: with its diagram, which many renderers draw.

use runbook_runtime::script::{Detail, Item, StepOutline};

use super::{Sheet, facts, mermaid};
use crate::dossier::markdown::{code, fenced, quoting, section, table, without_empty_sections};

/// The page.
#[must_use]
pub fn document(sheet: &Sheet) -> String {
    let declaration = &sheet.declaration;
    let mut text = format!("# {}\n\n", quoting(&declaration.title));
    if let Some(about) = &declaration.about {
        prose(&mut text, about);
    }
    table(&mut text, &["", ""], facts::overview(sheet).into_iter().map(|(name, value)| vec![name.to_owned(), code(&value)]));
    section(&mut text, "Alerts");
    for alert in facts::alerts(sheet) {
        text.push_str(&format!("- {}\n", code(&alert)));
    }
    section(&mut text, "Links");
    for link in &declaration.links {
        text.push_str(&format!("- {}\n", linked(link)));
    }
    section(&mut text, "Parameters");
    let parameters = declaration.params.iter().map(|(name, parameter)| {
        let help = quoting(parameter.help.as_deref().unwrap_or_default());
        vec![code(name), help, code(&facts::wanted(parameter)), code(&facts::otherwise(parameter))]
    });
    table(&mut text, &["name", "what for", "values", "when not given"], parameters);
    section(&mut text, "Secrets");
    let secrets = sheet.secrets.iter().map(|(name, source)| {
        vec![code(name), source.as_deref().map_or_else(|| "no source without an environment".to_owned(), code)]
    });
    table(&mut text, &["name", "from"], secrets);
    if !sheet.outline.items.is_empty() {
        section(&mut text, "Diagram");
        text.push_str(&format!("```mermaid\n{}```\n", mermaid::diagram(sheet)));
        section(&mut text, "Steps");
        items(&mut text, &sheet.outline.items, 0);
    }
    section(&mut text, "Earlier runs");
    for line in &sheet.earlier {
        text.push_str(&format!("- {}\n", quoting(line)));
    }
    section(&mut text, "Run it");
    text.push_str("Rehearse it first:\n\n");
    text.push_str(&fenced(&facts::rehearse(sheet)));
    without_empty_sections(&text)
}

/// Paragraphs as such; lines that the author indented stay as they are.
fn prose(text: &mut String, about: &str) {
    let mut block = String::new();
    let flush = |text: &mut String, block: &mut String| {
        if !block.is_empty() {
            text.push_str(&format!("{}\n", fenced(block)));
            block.clear();
        }
    };
    for line in about.lines() {
        if line.starts_with([' ', '\t']) {
            block.push_str(&format!("{}\n", crate::output::safe::line(line)));
            // A line of prose just before would otherwise end at the fence.
            if !text.ends_with("\n\n") {
                text.push('\n');
            }
            continue;
        }
        flush(text, &mut block);
        text.push_str(&format!("{}\n", paragraph(line)));
    }
    flush(text, &mut block);
    text.push('\n');
}

/// A line of prose that begins nothing: no list, no rule, no table. Headings and quotations cannot begin in what [`quoting`] gives.
fn paragraph(line: &str) -> String {
    let quoted = quoting(line);
    let digits = quoted.bytes().take_while(u8::is_ascii_digit).count();
    let numbered = digits > 0 && quoted[digits..].starts_with(['.', ')']);
    if quoted.starts_with(['-', '+', '=', ':', '|']) {
        format!("\\{quoted}")
    } else if numbered {
        format!("{}\\{}", &quoted[..digits], &quoted[digits..])
    } else {
        quoted
    }
}

/// An address as a link, when nothing in it could be anything else.
fn linked(link: &str) -> String {
    let plain = link.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~:/?#@!$&()*+,;=%".contains(&b));
    let web = link.starts_with("https://") || link.starts_with("http://");
    if web && plain { format!("<{link}>") } else { code(link) }
}

fn items(text: &mut String, all: &[Item], depth: usize) {
    let indent = "  ".repeat(depth);
    for item in all {
        let (words, inner): (String, &[Item]) = match item {
            Item::Step(one) => {
                step(text, one, depth);
                continue;
            }
            Item::Choice { arms } => {
                for arm in arms {
                    text.push_str(&format!("{indent}- {}\n", code(&arm.when)));
                    items(text, &arm.items, depth + 1);
                }
                continue;
            }
            Item::Phase { name, details, items } => (format!("**Phase** {}{}", code(name), promised(details)), items),
            Item::Parallel { name, over, details, items } => {
                (format!("**Parallel** {}, for each of {}{}", code(name), code(over), promised(details)), items)
            }
            Item::Repeat { words, items } => (format!("repeated: {}", code(words)), items),
            Item::Call { function, items } => (format!("the function {}", code(function)), items),
            Item::Stop { why } => (format!("the run stops: {}", code(why)), &[]),
        };
        text.push_str(&format!("{indent}- {words}\n"));
        items(text, inner, depth + 1);
    }
}

fn step(text: &mut String, step: &StepOutline, depth: usize) {
    let indent = "  ".repeat(depth);
    text.push_str(&format!("{indent}- **{}** {}\n", step.kind, code(&step.name)));
    for detail in &step.details {
        match facts::detail(detail) {
            (name, Some(words)) => text.push_str(&format!("{indent}  - {name}: {}\n", code(words))),
            (name, None) => text.push_str(&format!("{indent}  - {name}\n")),
        }
    }
    for way in &step.rollback {
        text.push_str(&format!("{indent}  - rollback: {}\n", code(way)));
    }
    if !step.rollback_steps.is_empty() {
        text.push_str(&format!("{indent}  - rollback:\n"));
        items(text, &step.rollback_steps, depth + 2);
    }
    if facts::silent(step) {
        text.push_str(&format!("{indent}  - no rollback\n"));
    }
}

fn promised(details: &[Detail]) -> String {
    details.iter().map(|detail| format!(", {} {}", detail.name, code(&detail.text))).collect()
}
