//! What a document is made of.

use std::sync::Arc;

/// Where something stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The byte of the text, from 0.
    pub byte: usize,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
}

/// A value, with where it begins and ends.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Where it begins.
    pub start: Place,
    /// Where it ends; of a block, where the next thing begins.
    pub end: Place,
    /// What it is.
    pub shape: Shape,
}

/// What a value is.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    /// A text, a number, nothing: YAML makes no difference that matters here.
    Scalar {
        /// The text.
        text: String,
        /// Whether it is a block (`|`, `>`): its lines stand on lines of their own.
        block: bool,
        /// Whether it has neither quotes nor block marks.
        plain: bool,
    },
    /// A list.
    List(Vec<Arc<Node>>),
    /// Keys with values, in their order.
    Map(Vec<(Arc<Node>, Arc<Node>)>),
}

impl Node {
    /// Its text, if it is one.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match &self.shape {
            Shape::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }

    /// Whether nothing stands there: `annotations:` with nothing behind it.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(&self.shape, Shape::Scalar { text, plain: true, .. } if matches!(text.as_str(), "" | "~" | "null"))
    }

    /// The items of a list; none of anything else.
    #[must_use]
    pub fn items(&self) -> &[Arc<Self>] {
        match &self.shape {
            Shape::List(items) => items,
            _ => &[],
        }
    }

    /// The keys and values of a map; none of anything else.
    #[must_use]
    pub fn entries(&self) -> &[(Arc<Self>, Arc<Self>)] {
        match &self.shape {
            Shape::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The value of a key: its own, otherwise one that is merged in (`<<`).
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Arc<Self>> {
        self.found(key, 8)
    }

    fn found(&self, key: &str, hops: usize) -> Option<&Arc<Self>> {
        let own = self.entries().iter().find(|(known, _)| known.text() == Some(key)).map(|(_, value)| value);
        let merged = || {
            let hops = hops.checked_sub(1)?;
            let (_, from) = self.entries().iter().find(|(known, _)| known.text() == Some("<<"))?;
            let all = if from.items().is_empty() { std::slice::from_ref(from) } else { from.items() };
            // A list of a thousand maps that merge a thousand each is nobody's rule file.
            all.iter().take(16).find_map(|from| from.found(key, hops.min(2)))
        };
        own.or_else(merged)
    }

    /// The text of a key.
    #[must_use]
    pub fn text_of(&self, key: &str) -> Option<&str> {
        self.get(key)?.text()
    }

    /// The last line on which something of it stands.
    #[must_use]
    pub fn last_line(&self) -> usize {
        match &self.shape {
            Shape::Scalar { block: true, .. } => self.end.line.saturating_sub(1).max(self.start.line),
            Shape::Scalar { .. } => self.end.line,
            Shape::List(items) => items.last().map_or(self.start.line, |last| last.last_line()),
            Shape::Map(entries) => entries.last().map_or(self.start.line, |(key, value)| key.last_line().max(value.last_line())),
        }
    }
}
