//! A rule file as a text inside of another file: where its lines stand in that one.

use crate::yaml::{Node, Place, Shape};

/// Where the places of a text stand in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Inside {
    /// The text is the file.
    File,
    /// So many lines stand above it, and so many characters left of it.
    Block { above: usize, left: usize },
    /// It is in quotes, with its line ends written as `\n`: all of it stands in one place.
    Quotes(Place),
}

impl Inside {
    /// Of a text in a file of these lines, behind its key.
    pub(super) fn of(key: &Node, value: &Node, lines: &[&str]) -> Self {
        if !matches!(value.shape, Shape::Scalar { block: true, .. }) {
            return Self::Quotes(value.start);
        }
        // The lines of a block begin below its mark, and its mark stands on the line of its key.
        let above = key.start.line;
        let first = lines.iter().skip(above).find(|line| !line.trim().is_empty());
        let left = first.map_or(0, |line| line.len() - line.trim_start_matches(' ').len());
        Self::Block { above, left }
    }

    pub(super) fn place(self, place: Place) -> Place {
        match self {
            Self::File => place,
            Self::Block { above, left } => Place { line: place.line + above, column: place.column + left, ..place },
            Self::Quotes(at) => at,
        }
    }
}
