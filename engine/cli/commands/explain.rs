//! `runbook explain`: a page for every error code.

use include_dir::{Dir, include_dir};

use crate::failure::Failure;
use crate::output;

/// Explain an error code such as RB0001
#[derive(Debug, clap::Args)]
pub struct Explain {
    /// The code; otherwise all are listed
    #[arg(value_name = "CODE")]
    pub code: Option<String>,
}

static PAGES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/docs/src/errors");

/// Prints the page, or the list of all.
///
/// # Errors
/// There is no such code.
pub fn run(explain: &Explain) -> Result<(), Failure> {
    output::to_stdout(&match &explain.code {
        Some(code) => page(code)?.to_owned(),
        None => index(),
    })
}

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

fn page(code: &str) -> Result<&'static str, Failure> {
    let code = code.to_ascii_uppercase();
    let found = pages().find_map(|(known, text)| (known == code).then_some(text));
    found.ok_or_else(|| Failure::usage(format!("there is no error code `{code}`")).hint("runbook explain"))
}

fn index() -> String {
    pages().map(|(code, text)| format!("{code}  {}\n", title(code, text))).collect()
}

fn title<'a>(code: &str, text: &'a str) -> &'a str {
    let first = text.lines().next().unwrap_or_default();
    first
        .strip_prefix("# ")
        .and_then(|first| first.strip_prefix(code))
        .map_or(first, |title| title.trim_start_matches([':', ' ']))
}

#[cfg(test)]
mod tests {
    use super::*;
    use runbook_runtime::script::Code;

    /// Codes of `runbook alerts`, `runbook open` and `runbook serve`: no script is at fault.
    const OF_THE_PAGE: [&str; 10] =
        ["RB0041", "RB0042", "RB0043", "RB0044", "RB0045", "RB0046", "RB0047", "RB0048", "RB0049", "RB0050"];

    #[test]
    fn every_page_says_what_why_and_how_to_mend_it() {
        let codes: Vec<_> = Code::ALL.into_iter().map(Code::id).chain(OF_THE_PAGE).collect();
        assert_eq!(pages().map(|(code, _)| code).collect::<Vec<_>>(), codes);
        for (code, text) in pages() {
            assert!(code.len() == 6 && code[2..].bytes().all(|b| b.is_ascii_digit()), "{code}");
            assert!(text.starts_with(&format!("# {code}: ")), "{code}");
            let wanted = if OF_THE_PAGE.contains(&code) { "```" } else { "```rhai" };
            assert!(text.contains(wanted) && text.len() > 200, "{code} wants an example");
        }
    }

    #[test]
    fn codes_are_found_in_any_case_and_nearly_right_ones_are_suggested() {
        let (code, text) = pages().next().unwrap();
        assert_eq!(page(&code.to_lowercase()), Ok(text));
        assert!(page("XX9999").is_err());
    }
}
