//! Diagnostics as text for people, in the manner of a compiler.

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use crate::script::diagnosis::diagnostic::{Diagnostic, Diagnostics, Severity, Span};
use crate::script::source::Sources;

impl Diagnostics {
    /// The text for a terminal, like a compiler's: source lines, underlines, help. `color` adds ANSI styles.
    #[must_use]
    pub fn render(&self, color: bool) -> String {
        render(&self.all, &self.sources, color)
    }
}

/// All of them, separated by empty lines.
fn render(all: &[Diagnostic], sources: &Sources, color: bool) -> String {
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    let texts: Vec<_> = all.iter().map(|diagnostic| renderer.render(&[group(diagnostic, sources)])).collect();
    texts.join("\n\n")
}

fn group<'a>(diagnostic: &'a Diagnostic, sources: &'a Sources) -> Group<'a> {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    // Messages hold text of the script: control characters in it must not reach a terminal.
    let mut group = Group::with_title(level.primary_title(visible(&diagnostic.message)).id(diagnostic.code.id()));
    let mut marks: Vec<(AnnotationKind, &Span, Option<String>)> = Vec::new();
    if let Some(span) = &diagnostic.span {
        marks.push((AnnotationKind::Primary, span, diagnostic.label.as_deref().map(visible)));
    }
    for label in diagnostic.labels.iter().chain(&diagnostic.trail) {
        marks.push((AnnotationKind::Context, &label.span, Some(visible(&label.text))));
    }
    // One snippet for neighbours in one file: a trail through several files keeps its order.
    let mut at = 0;
    while let Some((_, span, _)) = marks.get(at) {
        let file = &span.file;
        let end = marks[at..].iter().position(|(_, span, _)| span.file != *file).map_or(marks.len(), |n| at + n);
        if let Some(text) = sources.text(file) {
            let mut snippet = Snippet::source(text).path(file.as_str());
            for (kind, span, label) in &marks[at..end] {
                let annotation = kind.span(bytes(text, span));
                snippet = snippet.annotation(match label {
                    Some(label) => annotation.label(label.clone()),
                    None => annotation,
                });
            }
            group = group.element(snippet);
        }
        at = end;
    }
    if let Some(help) = &diagnostic.help {
        group = group.element(Level::HELP.message(visible(help)));
    }
    group
}

/// Control characters made visible; line ends stay.
fn visible(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\n' { '\u{fffd}' } else { c }).collect()
}

/// The span in bytes of the whole text; clamped, because a diagnostic must never fail to be shown.
fn bytes(text: &str, span: &Span) -> Range<usize> {
    let line_at = usize::try_from(span.line).unwrap_or(1).saturating_sub(1);
    let start: usize = text.split_inclusive('\n').take(line_at).map(str::len).sum();
    let line = text[start..].lines().next().unwrap_or_default();
    let offset = |chars: u32| line.char_indices().nth(chars as usize).map_or(line.len(), |(at, _)| at);
    let from = offset(span.column.saturating_sub(1));
    let to = offset(span.column.saturating_sub(1).saturating_add(span.length)).max(from);
    start + from..start + to
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::diagnosis::code::Code;
    use crate::script::diagnosis::diagnostic::Label;

    fn span(file: &str, line: u32, column: u32, length: u32) -> Span {
        Span { file: file.to_owned(), line, column, length }
    }

    #[test]
    fn looks_like_a_compiler() {
        let mut sources = Sources::default();
        sources.push("a.rhai", "let ä = 1;\ncommand(\"x\", #{ timout: 1 });\n".to_owned());
        sources.push("lib/b.rhai", "fn go() {\n    step();\n}\n".to_owned());
        let mut diagnostic = Diagnostic::error(Code::UnknownOption, "unknown option `timout`\u{1b}[31m")
            .at(Some(span("a.rhai", 2, 17, 6)))
            .label("did you mean `timeout`?")
            .help("options are: …");
        diagnostic.trail.push(Label { span: span("lib/b.rhai", 2, 5, 6), text: "in this call of `step`".to_owned() });
        let text = render(&[diagnostic], &sources, false);
        assert!(text.starts_with("error[RB0004]: unknown option `timout`\u{fffd}[31m"), "{text}");
        assert!(text.contains("--> a.rhai:2:17") && text.contains("^^^^^^ did you mean `timeout`?"), "{text}");
        assert!(text.contains("::: lib/b.rhai:2:5") && text.contains("------ in this call of `step`"), "{text}");
        assert!(text.contains("= help: options are"), "{text}");
        assert!(!text.contains('\u{1b}'), "{text}");
    }

    #[test]
    fn a_span_behind_the_end_of_the_text_is_still_shown() {
        let mut sources = Sources::default();
        sources.push("a.rhai", "x".to_owned());
        for span in [span("a.rhai", 9, 9, 9), span("a.rhai", 1, 2, 1), span("b.rhai", 1, 1, 1)] {
            assert!(render(&[Diagnostic::error(Code::Syntax, "broken").at(Some(span))], &sources, true).contains("broken"));
        }
    }
}
