//! `runbook show NAME`: a runbook, as what it is wanted.

use jiff::Timestamp;
use serde_json::json;

use super::page::{outlook, page};
use super::request::As;
use crate::failure::Failure;
use crate::globals::Globals;
use crate::history::History;
use crate::library::{Library, Title, broken};
use crate::output;
use crate::output::Format;
use crate::output::screen::on_stdout;
use crate::place::Place;
use crate::rehearsal::Past;
use crate::sheet::{Sheet, html, markdown, mermaid, text};

/// Prints it.
pub(super) fn run(
    title: &Title,
    library: &Library,
    format: Option<As>,
    place: &Place,
    history: Option<&History>,
    globals: &Globals,
) -> Result<(), Failure> {
    let palette = on_stdout(globals.color).palette;
    let (program, declaration) = library.read(title).map_err(|wrong| broken(title, &wrong, palette))?;
    let sources = place.configuration.sources(None);
    let source = |name: &str| sources.of(name).map(|found| found.source.words());
    let past = history.map(|history| Past::of(history.state(), &title.name)).unwrap_or_default();
    let earlier = past.said(declaration.budget, Timestamp::now()).into_iter().map(|(_, line)| line).collect();
    let sheet = Sheet {
        name: title.name.clone(),
        file: title.file.clone(),
        secrets: program
            .secrets()
            .into_iter()
            .map(|name| {
                let from = source(&name);
                (name, from)
            })
            .collect(),
        outline: program.outline(),
        declaration,
        earlier,
    };
    let shown = match (globals.output, format) {
        (Format::Json, None) => json_line(&sheet),
        (Format::Json, Some(_)) => {
            return Err(Failure::usage("`--output json` and `--format` exclude each other: one of them says for whom it is"));
        }
        (Format::Text, None | Some(As::Text)) => {
            let secrets: Vec<_> = sheet.secrets.iter().map(|(name, source)| (source.clone(), name.clone())).collect();
            page(&sheet.name, &sheet.file, &sheet.declaration, &secrets, palette)
                + text::steps(&sheet, palette).as_str()
                + outlook(&past, &sheet.declaration, palette).as_str()
        }
        (Format::Text, Some(As::Md)) => markdown::document(&sheet),
        (Format::Text, Some(As::Html)) => html::page(&sheet),
        (Format::Text, Some(As::Mermaid)) => mermaid::diagram(&sheet),
    };
    output::to_stdout(&shown)
}

fn json_line(sheet: &Sheet) -> String {
    let secrets: Vec<_> = sheet.secrets.iter().map(|(name, _)| name).collect();
    let page = json!({
        "v": 1, "name": sheet.name, "file": sheet.file, "declaration": sheet.declaration, "secrets": secrets,
        "steps": sheet.outline.items,
    });
    format!("{page}\n")
}
