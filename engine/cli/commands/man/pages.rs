//! The pages.

use clap::Command;
use clap_mangen::Man;

use super::sections;
use crate::commands::arguments;

/// A page for `man`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Its file: `runbook-exec.1`.
    pub file: String,
    /// Its text, for roff.
    pub text: String,
}

/// All pages: of the program, of its verbs, and of theirs.
///
/// # Errors
/// Never: the pages are written to memory.
pub fn pages() -> std::io::Result<Vec<Page>> {
    let mut program = arguments::command();
    program.build();
    let mut pages = vec![page(&program, &[])?];
    for (_, verbs) in arguments::GROUPS {
        for verb in verbs.iter().filter_map(|name| program.find_subcommand(name)) {
            pages.push(page(verb, &[verb.get_name()])?);
            for part in verb.get_subcommands().filter(|part| !part.is_hide_set() && part.get_name() != "help") {
                pages.push(page(part, &[verb.get_name(), part.get_name()])?);
            }
        }
    }
    Ok(pages)
}

fn page(command: &Command, verbs: &[&str]) -> std::io::Result<Page> {
    let name = std::iter::once("runbook").chain(verbs.iter().copied()).collect::<Vec<_>>().join("-");
    let source = format!("runbook {}", env!("CARGO_PKG_VERSION"));
    // The page of a verb names the options of that verb; those of every verb stand on the page of the program.
    let own = if verbs.is_empty() {
        command.clone()
    } else {
        command.clone().mut_args(|it| if it.is_global_set() { it.hide(true) } else { it })
    };
    let man = Man::new(own).title(name.to_uppercase()).source(source).manual("Runbook Manual");
    let mut text = Vec::new();
    man.render_title(&mut text)?;
    man.render_name_section(&mut text)?;
    man.render_synopsis_section(&mut text)?;
    man.render_description_section(&mut text)?;
    if command.get_arguments().any(|it| !it.is_hide_set() && (verbs.is_empty() || !it.is_global_set())) {
        man.render_options_section(&mut text)?;
    }
    if verbs.is_empty() {
        sections::verbs(command).to_writer(&mut text)?;
    } else if command.has_subcommands() {
        man.render_subcommands_section(&mut text)?;
    }
    sections::examples(verbs.first().copied().unwrap_or("runbook")).to_writer(&mut text)?;
    sections::exit_status().to_writer(&mut text)?;
    sections::environment().to_writer(&mut text)?;
    sections::files().to_writer(&mut text)?;
    sections::see_also(verbs).to_writer(&mut text)?;
    Ok(Page { file: format!("{name}.1"), text: marked(&String::from_utf8_lossy(&text)) })
}

/// What stands between backquotes is typed as it stands: in bold. Tildes and circumflexes would be drawn as accents.
fn marked(text: &str) -> String {
    let mut page = String::with_capacity(text.len());
    for line in text.lines() {
        let parts: Vec<_> = line.split('`').collect();
        let paired = parts.len() % 2 == 1;
        for (at, part) in parts.iter().enumerate() {
            if at > 0 {
                page.push_str(match (paired, at % 2) {
                    (false, _) => "\\(ga",
                    (true, 1) => "\\fB",
                    (true, _) => "\\fR",
                });
            }
            page.push_str(&part.replace('~', "\\(ti").replace('^', "\\(ha"));
        }
        page.push('\n');
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_verb_has_a_page_with_every_section() {
        let pages = pages().unwrap();
        let files: Vec<_> = pages.iter().map(|page| page.file.as_str()).collect();
        assert_eq!(files[0], "runbook.1");
        for verb in arguments::GROUPS.iter().flat_map(|(_, verbs)| verbs.iter()) {
            assert!(files.contains(&format!("runbook-{verb}.1").as_str()), "{verb}");
        }
        assert!(files.contains(&"runbook-alerts-check.1"));
        for page in &pages {
            let heads: Vec<_> = page.text.lines().filter_map(|line| line.strip_prefix(".SH ")).collect();
            for wanted in
                ["NAME", "SYNOPSIS", "DESCRIPTION", "EXAMPLES", "\"EXIT STATUS\"", "ENVIRONMENT", "FILES", "\"SEE ALSO\""]
            {
                assert!(heads.contains(&wanted), "{} has no {wanted}: {heads:?}", page.file);
            }
        }
    }

    #[test]
    fn what_is_typed_is_bold_and_no_letter_becomes_an_accent() {
        assert_eq!(marked("see `runbook help` in ~/x"), "see \\fBrunbook help\\fR in \\(ti/x\n");
        assert_eq!(marked("one ` only"), "one \\(ga only\n");
    }
}
