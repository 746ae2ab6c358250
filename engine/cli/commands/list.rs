//! `runbook list`: the runbooks that there are.

use runbook_runtime::script::Program;

use crate::arguments::Format;
use crate::commands::on_stdout;
use crate::exit_code::ExitCode;
use crate::output;
use crate::workplace::Workplace;
use runbook_model::declaration::Declaration;
use serde_json::json;

use crate::catalogue::Catalogue;
use crate::failure::Failure;
use crate::output::safe;
use crate::output::style::{Palette, Tone};
use crate::output::table;

/// List the runbooks of this repository
#[derive(Debug, clap::Args)]
pub struct List {}

/// What could be learnt about a runbook: what it says about itself, or in one line why it cannot be read.
pub type Described = Result<Declaration, String>;

/// Every runbook of a catalogue with what `describe` says about its file.
///
/// # Errors
/// Whatever `describe` cannot do for the whole catalogue; a single runbook that does not load is a line of the list.
pub fn rows(
    catalogue: &Catalogue,
    describe: impl Fn(&str) -> Result<Described, Failure>,
) -> Result<Vec<(String, Described)>, Failure> {
    catalogue.iter().map(|(name, file)| Ok((name.to_owned(), describe(file)?))).collect()
}

/// The list for people.
#[must_use]
pub fn text(rows: &[(String, Described)], palette: Palette) -> String {
    if rows.is_empty() {
        return "There is no runbook here yet: put a `.rhai` file below `runbooks/`.\n".to_owned();
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
    table::columns(["NAME", "TITLE", "OWNER", "ALERTS"], &cells, palette)
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

/// Lists them.
///
/// # Errors
/// Standard output is closed.
pub fn run(_list: &List, workplace: &Workplace) -> Result<ExitCode, Failure> {
    let repository = workplace.repository();
    let describe = |file: &str| {
        let described = Program::load(&repository, file).and_then(|program| program.describe());
        Ok(described.map_err(|diagnostics| diagnostics.line()))
    };
    let rows = rows(&workplace.catalogue(), describe)?;
    match workplace.globals.output {
        Format::Json => output::to_stdout(&json_lines(&rows))?,
        Format::Text => output::to_stdout(&text(&rows, on_stdout(workplace.globals.color).palette))?,
    }
    Ok(ExitCode::Completed)
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
            text(&rows, Palette::plain()),
            "NAME    TITLE                              OWNER     ALERTS\n\
             api     Roll back the API                  team-api\n\
             broken  does not load: line 3: syntax␛[2J\n"
        );
        assert_eq!(json_lines(&rows).lines().count(), 2);
    }
}
