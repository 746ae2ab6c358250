//! The page of each error code, as they are in the book.

use include_dir::{Dir, include_dir};

static PAGES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/docs/src/errors");

/// Every code with the text of its page, in the order of the codes.
pub fn pages() -> impl Iterator<Item = (&'static str, &'static str)> {
    let mut pages: Vec<_> = PAGES
        .files()
        .filter_map(|file| Some((file.path().file_stem()?.to_str()?, file.contents_utf8()?)))
        .filter(|(code, _)| code.starts_with("RB"))
        .collect();
    pages.sort_unstable();
    pages.into_iter()
}

/// The title of the page of a code.
#[must_use]
pub fn title_of(code: &str) -> Option<&'static str> {
    pages().find(|(known, _)| *known == code).map(|(code, text)| title(code, text))
}

/// The title of a page: its first line without the code.
pub fn title<'a>(code: &str, text: &'a str) -> &'a str {
    let first = text.lines().next().unwrap_or_default();
    first
        .strip_prefix("# ")
        .and_then(|first| first.strip_prefix(code))
        .map_or(first, |title| title.trim_start_matches([':', ' ']))
}
