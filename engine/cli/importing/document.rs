//! A Markdown file as a row of blocks, each with the line where it begins.

use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, MetadataBlockKind, Options, Parser, Tag, TagEnd};

/// A piece of the document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Block {
    /// Its first line, from 1.
    pub(super) line: usize,
    /// What it is.
    pub(super) kind: Kind,
}

/// What a block is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    /// The title of all that follows, 1 the highest.
    Heading(u8, String),
    /// Text for people.
    Prose(String),
    /// A box to tick.
    Task(String),
    /// Code, with the language that is written above it; empty when none is.
    Code { language: String, text: String },
    /// The name that the front matter gives.
    Title(String),
    /// What has no place in a runbook.
    Unturned(&'static str),
}

/// A document, and where it points to.
#[derive(Debug, Default)]
pub(super) struct Document {
    pub(super) blocks: Vec<Block>,
    /// The addresses of its links, each once.
    pub(super) links: Vec<String>,
}

impl Document {
    pub(super) fn read(text: &str) -> Self {
        let options = Options::ENABLE_TABLES
            | Options::ENABLE_TASKLISTS
            | Options::ENABLE_STRIKETHROUGH
            | Options::ENABLE_YAML_STYLE_METADATA_BLOCKS;
        let mut reader = Reader { lines: starts(text), ..Reader::default() };
        for (event, place) in Parser::new_ext(text, options).into_offset_iter() {
            reader.event(event, place.start);
        }
        reader.flush();
        reader.document
    }
}

/// Where each line begins.
fn starts(text: &str) -> Vec<usize> {
    std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect()
}

#[derive(Default)]
struct Reader {
    document: Document,
    lines: Vec<usize>,
    /// The text that is being gathered, and the line where it began.
    text: String,
    line: usize,
    task: bool,
    heading: Option<u8>,
    code: Option<(usize, String)>,
    metadata: bool,
    /// The lists around: the next number of each, none for bullets.
    lists: Vec<Option<u64>>,
    /// The links around, and where their text begins.
    links: Vec<(String, usize)>,
}

impl Reader {
    fn line_of(&self, offset: usize) -> usize {
        self.lines.partition_point(|start| *start <= offset)
    }

    fn event(&mut self, event: Event<'_>, offset: usize) {
        match event {
            Event::Start(tag) => self.start(tag, offset),
            Event::End(tag) => self.end(tag),
            Event::InlineHtml(text) if text.starts_with("<!--") => {}
            Event::Text(text) | Event::InlineHtml(text) | Event::Html(text) => self.push(&text, offset),
            Event::Code(text) => self.push(&format!("`{text}`"), offset),
            Event::SoftBreak => self.push(" ", offset),
            Event::HardBreak => self.push("\n", offset),
            Event::TaskListMarker(_) => self.task = true,
            Event::FootnoteReference(text) => self.push(&format!("[{text}]"), offset),
            Event::InlineMath(text) | Event::DisplayMath(text) => self.push(&text, offset),
            Event::Rule => self.flush(),
        }
    }

    fn start(&mut self, tag: Tag<'_>, offset: usize) {
        let line = self.line_of(offset);
        match tag {
            Tag::Heading { level, .. } => {
                self.flush();
                self.line = line;
                self.heading = Some(depth(level));
            }
            Tag::CodeBlock(kind) => {
                self.flush();
                let (line, language) = match kind {
                    CodeBlockKind::Fenced(info) => {
                        let language = info.split(|c: char| c.is_whitespace() || c == ',' || c == '{').next().unwrap_or_default();
                        (line + 1, language.to_ascii_lowercase())
                    }
                    CodeBlockKind::Indented => (line, String::new()),
                };
                self.code = Some((line, language));
            }
            Tag::List(first) => {
                self.flush();
                self.lists.push(first);
            }
            Tag::Item => {
                self.flush();
                self.line = line;
                let depth = self.lists.len().saturating_sub(1);
                let marker = match self.lists.last_mut() {
                    Some(Some(number)) => {
                        *number += 1;
                        format!("{}. ", number.saturating_sub(1))
                    }
                    _ => "- ".to_owned(),
                };
                self.text = format!("{}{marker}", "  ".repeat(depth));
            }
            Tag::Table(_) => {
                self.flush();
                self.document.blocks.push(Block { line, kind: Kind::Unturned("a table: it is shown as text") });
            }
            Tag::HtmlBlock => {
                self.flush();
                self.line = line;
            }
            Tag::Image { dest_url, .. } => {
                self.document.blocks.push(Block { line, kind: Kind::Unturned("an image: its address is kept in the text") });
                self.push("(image ", offset);
                self.links.push((dest_url.into_string(), usize::MAX));
            }
            Tag::Link { dest_url, .. } => self.links.push((dest_url.into_string(), self.text.len())),
            Tag::MetadataBlock(MetadataBlockKind::YamlStyle | MetadataBlockKind::PlusesStyle) => {
                self.flush();
                self.line = line;
                self.metadata = true;
            }
            Tag::Paragraph if self.text.trim().is_empty() => self.line = line,
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Heading(_) => {
                let text = std::mem::take(&mut self.text);
                let level = self.heading.take().unwrap_or(1);
                let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
                self.document.blocks.push(Block { line: self.line, kind: Kind::Heading(level, text) });
            }
            TagEnd::CodeBlock => {
                let text = std::mem::take(&mut self.text);
                if let Some((line, language)) = self.code.take() {
                    self.document.blocks.push(Block { line, kind: Kind::Code { language, text } });
                }
            }
            TagEnd::List(_) => {
                self.flush();
                self.lists.pop();
            }
            TagEnd::MetadataBlock(_) => {
                let text = std::mem::take(&mut self.text);
                self.metadata = false;
                let title = text.lines().find_map(|line| line.strip_prefix("title:"));
                if let Some(title) = title.map(|title| title.trim().trim_matches(['"', '\''])).filter(|title| !title.is_empty()) {
                    self.document.blocks.push(Block { line: self.line, kind: Kind::Title(title.to_owned()) });
                }
            }
            TagEnd::Link | TagEnd::Image => self.linked(),
            TagEnd::TableCell => self.text.push_str(" | "),
            TagEnd::TableHead | TagEnd::TableRow => self.text.push('\n'),
            TagEnd::HtmlBlock => {
                // A comment may be as long as its block, which comes line by line.
                self.text = uncommented(&self.text);
                if is_layout(&self.text) {
                    self.text.clear();
                }
                self.flush();
            }
            TagEnd::Paragraph | TagEnd::Item | TagEnd::Table => self.flush(),
            _ => {}
        }
    }

    /// Behind the text of a link: where it goes to.
    fn linked(&mut self) {
        let Some((address, from)) = self.links.pop() else { return };
        if from == usize::MAX {
            self.text.push_str(&format!(" {address})"));
            return;
        }
        if self.text.get(from..).is_some_and(|text| text != address) {
            self.text.push_str(&format!(" ({address})"));
        }
        if !self.document.links.contains(&address) {
            self.document.links.push(address);
        }
    }

    fn push(&mut self, text: &str, offset: usize) {
        if self.text.is_empty() && self.code.is_none() && self.heading.is_none() {
            self.line = self.line_of(offset);
        }
        self.text.push_str(text);
    }

    fn flush(&mut self) {
        let text = std::mem::take(&mut self.text);
        let task = std::mem::take(&mut self.task);
        let kind = match text.trim_end() {
            "" => return,
            text if task => Kind::Task(unmarked(text.trim_start()).trim_start().to_owned()),
            // The mark of an item whose text is in blocks of its own.
            text if text.trim() == "-" || text.trim().trim_end_matches('.').bytes().all(|byte| byte.is_ascii_digit()) => return,
            text => Kind::Prose(text.trim_matches('\n').to_owned()),
        };
        self.document.blocks.push(Block { line: self.line, kind });
    }
}

/// HTML without what is commented out.
fn uncommented(html: &str) -> String {
    let mut parts = html.split("<!--");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + part.split_once("-->").map_or("", |(_, behind)| behind))
}

/// Whether HTML is nothing but tags that only arrange what stands between them. Another, `<namespace>`, may stand for a value.
fn is_layout(html: &str) -> bool {
    const LAYOUT: [&str; 8] = ["details", "summary", "div", "p", "br", "hr", "center", "a"];
    let mut tags = html.split('<');
    tags.next().is_some_and(|before| before.trim().is_empty())
        && tags.all(|tag| {
            let (inside, behind) = tag.split_once('>').unwrap_or((tag, "text"));
            let name = inside.trim_start_matches('/').split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
            behind.trim().is_empty() && LAYOUT.contains(&name.to_ascii_lowercase().as_str())
        })
}

/// The text of an item without its mark: `- ` or `2. `. A number behind that is its own.
fn unmarked(item: &str) -> &str {
    let numbered = item.trim_start_matches(|c: char| c.is_ascii_digit());
    let numbered = if numbered.len() < item.len() { numbered.strip_prefix('.') } else { None };
    item.strip_prefix('-').or(numbered).unwrap_or(item)
}

fn depth(level: HeadingLevel) -> u8 {
    match level {
        HeadingLevel::H1 => 1,
        HeadingLevel::H2 => 2,
        HeadingLevel::H3 => 3,
        HeadingLevel::H4 => 4,
        HeadingLevel::H5 => 5,
        HeadingLevel::H6 => 6,
    }
}
