//! Where an annotation goes, and how it is written there.

use crate::rules::Rule;
use crate::yaml::{Node, Shape};

/// Where a link goes in a text, and what is put there.
///
/// # Errors
/// It cannot be added without changing something else; says why.
pub(super) fn of(rule: &Rule, text: &str, name: &str, address: &str) -> Result<(usize, String), String> {
    let node = rule.node.as_ref().map_err(|why| (*why).to_owned())?;
    let (key, alert) = node
        .entries()
        .iter()
        .find(|(key, _)| matches!(key.text(), Some("alert" | "title")))
        .ok_or("its name is merged in from elsewhere")?;
    if key.start.byte < node.start.byte || alert.start.byte < key.start.byte {
        return Err("its name is an alias".to_owned());
    }
    let quoted = serde_json::Value::from(name).to_string();
    let value = double_quoted(address);
    let annotations = node.entries().iter().find(|(key, _)| key.text() == Some("annotations")).map(|(_, value)| value);
    let Some(annotations) = annotations else {
        if node.get("annotations").is_some() {
            return Err("its annotations are merged in from elsewhere".to_owned());
        }
        return if is_flow(node, text) {
            Ok((alert.end.byte, format!(", \"annotations\": {{{quoted}: {value}}}")))
        } else {
            let at = next_line(text, alert).ok_or("the line of its name holds more than the name")?;
            let (indent, end) = (" ".repeat(key.start.column - 1), line_end(text, key.start.byte));
            let begin = if text[..at].ends_with('\n') { "" } else { end };
            Ok((at, format!("{begin}{indent}annotations:{end}{indent}  {name}: {value}{end}")))
        };
    };
    if annotations.start.byte < node.start.byte {
        return Err("its annotations are an alias: they belong to other alerts, too".to_owned());
    }
    let Shape::Map(entries) = &annotations.shape else {
        return below(node, text, name, &value).ok_or_else(|| "its `annotations` are empty".to_owned());
    };
    if let Some(brace) = brace(annotations, text) {
        let comma = if entries.is_empty() { "" } else { ", " };
        return Ok((brace + 1, format!("{quoted}: {value}{comma}")));
    }
    let (first, _) = entries.first().ok_or("its `annotations` are empty")?;
    let start = text[..first.start.byte].rfind('\n').map_or(0, |at| at + 1);
    let indent = &text[start..first.start.byte];
    if !indent.bytes().all(|byte| byte == b' ') {
        return Err("its annotations begin on the line of something else".to_owned());
    }
    Ok((start, format!("{indent}{name}: {value}{}", line_end(text, first.start.byte))))
}

/// Below an `annotations:` that nothing stands behind.
fn below(node: &Node, text: &str, name: &str, value: &str) -> Option<(usize, String)> {
    let (key, nothing) = node.entries().iter().find(|(key, _)| key.text() == Some("annotations"))?;
    let is_nothing = matches!(&nothing.shape, Shape::Scalar { text, plain: true, .. } if text.is_empty());
    if !is_nothing || is_flow(node, text) {
        return None;
    }
    let colon = key.end.byte + text[key.end.byte..].find(':')? + 1;
    let at = rest_of_line(text, colon)?;
    let end = line_end(text, key.start.byte);
    let begin = if text[..at].ends_with('\n') { "" } else { end };
    Some((at, format!("{begin}{}  {name}: {value}{end}", " ".repeat(key.start.column - 1))))
}

fn is_flow(node: &Node, text: &str) -> bool {
    brace(node, text).is_some()
}

/// Where the `{` of a map stands, if it has one: behind its anchor and its tag.
fn brace(node: &Node, text: &str) -> Option<usize> {
    let mut at = node.start.byte;
    while text[at..].starts_with(['&', '!']) {
        at += text[at..].find(char::is_whitespace)?;
        at += text[at..].find(|c: char| !c.is_whitespace())?;
    }
    text[at..].starts_with('{').then_some(at)
}

/// As text in double quotes, which YAML and JSON read alike.
fn double_quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Where the next line begins, if nothing but a comment follows a value on its own.
fn next_line(text: &str, node: &Node) -> Option<usize> {
    // A block ends where the next thing begins, and that is in a line already.
    if matches!(node.shape, Shape::Scalar { block: true, .. }) {
        let start = text[..node.end.byte].rfind('\n')? + 1;
        return (node.end.byte < text.len() || text.ends_with('\n')).then_some(start.max(node.start.byte));
    }
    rest_of_line(text, node.end.byte)
}

/// Where the next line begins, if nothing but a comment stands on this one from here.
fn rest_of_line(text: &str, from: usize) -> Option<usize> {
    let rest = &text[from..];
    let (line, end) = rest.split_once('\n').map_or((rest, rest.len()), |(line, _)| (line, line.len() + 1));
    let line = line.trim();
    (line.is_empty() || line.starts_with('#')).then_some(from + end)
}

/// How the line ends on which a byte stands.
fn line_end(text: &str, byte: usize) -> &'static str {
    let line = text[byte..].split_inclusive('\n').next().unwrap_or_default();
    if line.ends_with("\r\n") { "\r\n" } else { "\n" }
}
