//! Mistakes in a configuration file, shown like a compiler shows them.

use std::ops::Range;
use std::path::Path;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

use crate::failure::Failure;

/// One mistake, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Complaint {
    pub(super) message: String,
    pub(super) span: Range<usize>,
    pub(super) help: Option<String>,
    /// What of the text is not shown: behind `span`, on its line.
    pub(super) masks: Option<Range<usize>>,
}

/// All mistakes of a file as one failure.
pub(super) fn failure(path: &Path, text: &str, complaints: &[Complaint]) -> Failure {
    let shown = path.display().to_string();
    let mistakes = if complaints.len() == 1 { "a mistake".to_owned() } else { format!("{} mistakes", complaints.len()) };
    let failure = Failure::usage(format!("`{shown}` has {mistakes}"));
    complaints.iter().fold(failure, |failure, complaint| failure.detail(render(&shown, text, complaint)))
}

fn render(path: &str, text: &str, complaint: &Complaint) -> String {
    // A value that was written into the place of its source by mistake must not be shown on top of it.
    let masked;
    let text = match &complaint.masks {
        Some(range) => {
            masked = format!("{}{}{}", &text[..range.start], "·".repeat(3), &text[range.end..]);
            masked.as_str()
        }
        None => text,
    };
    let span = complaint.span.start.min(text.len())..complaint.span.end.min(text.len());
    let snippet = Snippet::source(text).path(path).annotation(AnnotationKind::Primary.span(span));
    let mut group = Level::ERROR.primary_title(complaint.message.as_str()).element(snippet);
    if let Some(help) = &complaint.help {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    Renderer::plain().render(&[group])
}
