//! `runbook explain`: a page for every error code.

use crate::error_pages::{pages, title};
use crate::failure::Failure;
use crate::output;

/// Explain an error code such as RB0001
#[derive(Debug, clap::Args)]
pub struct Explain {
    /// The code; otherwise all are listed
    #[arg(value_name = "CODE")]
    pub code: Option<String>,
}

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

fn page(code: &str) -> Result<&'static str, Failure> {
    let code = whole(code);
    let found = pages().find_map(|(known, text)| (known == code).then_some(text));
    found.ok_or_else(|| Failure::usage(format!("there is no error code `{code}`")).hint("runbook explain"))
}

/// A code as it is written: `5`, `rb5` and `RB05` are `RB0005`.
fn whole(code: &str) -> String {
    let code = code.trim().to_ascii_uppercase();
    let digits = code.strip_prefix("RB").unwrap_or(&code);
    let is_number = (1..=4).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { format!("RB{digits:0>4}") } else { code }
}

fn index() -> String {
    pages().map(|(code, text)| format!("{code}  {}\n", title(code, text))).collect()
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
        let mut codes: Vec<_> = Code::ALL.into_iter().map(Code::id).chain(OF_THE_PAGE).collect();
        codes.sort_unstable();
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
        let number = code[2..].trim_start_matches('0');
        for short in [number.to_owned(), format!("rb{number}"), format!("RB0{number}")] {
            assert_eq!(page(&short), Ok(text), "{short}");
        }
        for none in ["XX9999", "", "RB", "0", "00001", "9999", "1x"] {
            assert!(page(none).is_err(), "{none}");
        }
    }
}
