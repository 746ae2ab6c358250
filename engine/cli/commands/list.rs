//! `runbook list`: the runbooks that there are.

use runbook_model::declaration::Declaration;
use runbook_runtime::script::at_depth;
use serde_json::json;

use crate::failure::Failure;
use crate::globals::Globals;
use crate::library::{Library, Title};
use crate::output::Format;
use crate::output::screen::{Screen, on_stdout};
use crate::output::style::Tone;
use crate::output::{self, safe, table};

/// List the runbooks of this repository
#[derive(Debug, clap::Args)]
pub struct List {}

/// What could be learnt about a runbook: what it says about itself, or in one line why it cannot be read.
pub type Described = Result<Declaration, String>;

/// Prints the list.
///
/// # Errors
/// Standard output cannot take it.
pub fn run(library: &Library, globals: &Globals) -> Result<(), Failure> {
    let described = |title: &Title| library.read(title).map(|(_, declaration)| declaration).map_err(|wrong| wrong.line());
    let described = || library.titles().into_iter().map(|title| (title.name.clone(), described(&title))).collect();
    let rows: Vec<_> = at_depth(described);
    output::to_stdout(&match globals.output {
        Format::Json => json_lines(&rows),
        Format::Text => text(&rows, on_stdout(globals.color)),
    })
}

/// The list for people.
#[must_use]
pub fn text(rows: &[(String, Described)], screen: Screen) -> String {
    if rows.is_empty() {
        return concat!(
            "There is no runbook here yet. Runbooks are `.rhai` files in `runbooks`, or where `runbook config` says.\n",
            "next: runbook new NAME         write one to begin with\n",
            "next: runbook import FILE.md   make one of a page in Markdown\n",
            "next: runbook tutorial         see what it can do, in five minutes\n",
        )
        .to_owned();
    }
    let cells: Vec<_> = rows
        .iter()
        .map(|(name, described)| {
            let name = (Tone::Strong, safe::line(name));
            match described {
                Ok(declaration) => [
                    name,
                    (Tone::Plain, safe::line(&declaration.title)),
                    (Tone::Faint, safe::line(declaration.owner.as_deref().unwrap_or_default())),
                    (Tone::Faint, safe::line(&alerts(declaration))),
                ],
                Err(why) => [
                    name,
                    (Tone::Bad, format!("does not load: {}", safe::line(why))),
                    (Tone::Plain, String::new()),
                    (Tone::Plain, String::new()),
                ],
            }
        })
        .collect();
    table::fitting(["NAME", "TITLE", "OWNER", "ALERTS"], &cells, screen)
}

/// The list for programs: one JSON object a line.
#[must_use]
pub fn json_lines(rows: &[(String, Described)]) -> String {
    rows.iter()
        .map(|(name, described)| match described {
            Ok(declaration) => format!("{}\n", json!({ "v": 1, "name": name, "declaration": declaration })),
            Err(why) => format!("{}\n", json!({ "v": 1, "name": name, "error": why })),
        })
        .collect()
}

fn alerts(declaration: &Declaration) -> String {
    let names: Vec<_> = declaration.serves.iter().map(|serves| serves.alert.as_str()).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_that_does_not_load_is_shown_and_hides_no_other() {
        let declaration =
            Declaration { title: "Roll back the API".to_owned(), owner: Some("team-api".to_owned()), ..Declaration::default() };
        let rows = [("api".to_owned(), Ok(declaration)), ("broken".to_owned(), Err("line 3: syntax\u{1b}[2J".to_owned()))];
        assert_eq!(
            text(&rows, Screen::plain(80)),
            "NAME    TITLE              OWNER  ALERTS\n\
             api     Roll back the API  team-api\n\
             broken  does not load: line 3: syntax␛[2J\n"
        );
        assert_eq!(json_lines(&rows).lines().count(), 2);
    }

    #[test]
    fn where_there_is_none_the_ways_to_the_first_one_are_told() {
        let said = text(&[], Screen::plain(80));
        for verb in ["new", "import", "tutorial"] {
            assert!(said.contains(&format!("next: runbook {verb}")), "{said}");
        }
    }
}
