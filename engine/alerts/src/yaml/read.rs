//! From the parser's events to documents.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, Span};

use super::offsets::Offsets;
use super::{Node, Place, Shape};

/// The longest text that is read, in bytes.
pub const LONGEST: usize = 64 << 20;
/// The deepest nesting; rule files have about ten levels.
pub const DEEPEST: usize = 64;
/// The most values in one file.
pub const MOST: usize = 3_000_000;

/// Why a file, or the rest of one, could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Unread {
    /// Where reading ended.
    pub place: Place,
    /// Why.
    pub message: String,
}

impl Unread {
    /// For a place and a reason.
    #[must_use]
    pub fn new(place: Place, message: impl Into<String>) -> Self {
        Self { place, message: message.into() }
    }
}

/// The documents of a text, and why there are no more of them when it could not be read to its end.
#[must_use]
pub fn read(text: &str) -> (Vec<Arc<Node>>, Option<Unread>) {
    bounded(text, MOST)
}

/// The same with another bound for the number of values.
pub(super) fn bounded(text: &str, most: usize) -> (Vec<Arc<Node>>, Option<Unread>) {
    if text.len() > LONGEST {
        let message = format!("it has {} MiB; at most {} are read", text.len() >> 20, LONGEST >> 20);
        return (Vec::new(), Some(Unread::new(Place { byte: 0, line: 1, column: 1 }, message)));
    }
    let mut reader =
        Reader { offsets: Offsets::of(text), documents: Vec::new(), open: Vec::new(), anchors: HashMap::new(), count: 0, most };
    let mut parser = Parser::new_from_str(text);
    while let Some(event) = parser.next_event() {
        let step = match event {
            Ok((Event::StreamEnd, _)) => break,
            Ok((event, span)) => reader.take(event, span),
            Err(error) => Err(Unread::new(reader.place(*error.marker()), error.info().to_owned())),
        };
        if let Err(unread) = step {
            return (reader.documents, Some(unread));
        }
    }
    (reader.documents, None)
}

/// A list or a map whose end has not come.
struct Open {
    start: Place,
    anchor: usize,
    /// The keys so far, of a map.
    keys: Option<HashSet<String>>,
    children: Vec<Arc<Node>>,
}

struct Reader<'a> {
    offsets: Offsets<'a>,
    documents: Vec<Arc<Node>>,
    open: Vec<Open>,
    anchors: HashMap<usize, Arc<Node>>,
    count: usize,
    most: usize,
}

impl Reader<'_> {
    fn take(&mut self, event: Event<'_>, span: Span) -> Result<(), Unread> {
        let (start, end) = (self.place(span.start), self.place(span.end));
        match event {
            Event::Scalar(text, style, anchor, _) => {
                let block = matches!(style, ScalarStyle::Literal | ScalarStyle::Folded);
                let shape = Shape::Scalar { text: text.into_owned(), block, plain: style == ScalarStyle::Plain };
                self.add(Arc::new(Node { start, end, shape }), anchor)
            }
            Event::SequenceStart(anchor, _) => self.begin(start, anchor, None),
            Event::MappingStart(anchor, _) => self.begin(start, anchor, Some(HashSet::new())),
            Event::SequenceEnd | Event::MappingEnd => {
                let Some(open) = self.open.pop() else { return Ok(()) };
                let shape = if open.keys.is_some() {
                    let mut children = open.children.into_iter();
                    let mut entries = Vec::new();
                    while let (Some(key), Some(value)) = (children.next(), children.next()) {
                        entries.push((key, value));
                    }
                    Shape::Map(entries)
                } else {
                    Shape::List(open.children)
                };
                self.add(Arc::new(Node { start: open.start, end, shape }), open.anchor)
            }
            Event::Alias(anchor) => match self.anchors.get(&anchor).cloned() {
                Some(node) => self.add(node, 0),
                // The anchor is still open: a value that would hold itself.
                None => Err(Unread::new(start, "an alias stands inside of what it names")),
            },
            _ => Ok(()),
        }
    }

    fn begin(&mut self, start: Place, anchor: usize, keys: Option<HashSet<String>>) -> Result<(), Unread> {
        if self.open.len() >= DEEPEST {
            return Err(Unread::new(start, format!("it is nested deeper than {DEEPEST} levels")));
        }
        self.open.push(Open { start, anchor, keys, children: Vec::new() });
        Ok(())
    }

    fn add(&mut self, node: Arc<Node>, anchor: usize) -> Result<(), Unread> {
        self.count += 1;
        if self.count > self.most {
            return Err(Unread::new(node.start, format!("it holds more than {} values", self.most)));
        }
        if anchor > 0 {
            self.anchors.insert(anchor, node.clone());
        }
        let Some(parent) = self.open.last_mut() else {
            self.documents.push(node);
            return Ok(());
        };
        // Every second child of a map is a key.
        if let (Some(keys), Some(text), true) = (&mut parent.keys, node.text(), parent.children.len().is_multiple_of(2))
            && text != "<<"
            && !keys.insert(text.to_owned())
        {
            let shown: String = text.chars().take(60).collect();
            return Err(Unread::new(node.start, format!("the key `{shown}` stands there twice")));
        }
        parent.children.push(node);
        Ok(())
    }

    fn place(&self, marker: Marker) -> Place {
        Place { byte: self.offsets.byte(marker.index()), line: marker.line(), column: marker.col() + 1 }
    }
}
