//! `runbook show`: one runbook, or one run told again by the same reporter that told it live.

use jiff::Timestamp;
use runbook_model::declaration::Declaration;
use runbook_model::entry::Record;
use runbook_model::parameter::Parameter;
use runbook_runtime::report::Reporter;
use serde_json::json;

use crate::arguments::{Format, Globals};
use crate::commands::Place;
use crate::failure::Failure;
use crate::history::History;
use crate::library::broken;
use crate::output;
use crate::output::reporters::{self, Telling};
use crate::output::safe::{self, Colours};
use crate::output::style::{Palette, Tone};
use crate::rehearsal::Past;

/// Show a runbook and its parameters, or replay a run
#[derive(Debug, clap::Args)]
pub struct Show {
    /// The name of a runbook, or a run by a unique prefix of its id
    #[arg(value_name = "NAME|RUN")]
    pub subject: String,
    /// Show the output of steps that succeeded, too (runs only)
    #[arg(long, short)]
    pub verbose: bool,
}

/// Prints the page of a runbook, or tells a run again. A runbook is looked for first: run ids are never names of one.
///
/// # Errors
/// There is neither, the runbook has mistakes, or the journal is damaged.
pub fn run(show: &Show, place: &Place, history: Option<&History>, globals: &Globals) -> Result<(), Failure> {
    let palette = super::on_stdout(globals.color).palette;
    let library = place.library();
    let no_runbook = match library.find(&show.subject) {
        Ok(title) => {
            let (program, declaration) = library.read(&title).map_err(|wrong| broken(&title, &wrong, palette))?;
            let sources = place.configuration.sources(None);
            let source = |name: &str| sources.of(name).map(|found| found.source.words());
            let secrets: Vec<_> = program.secrets().into_iter().map(|name| (source(&name), name)).collect();
            return output::to_stdout(&match globals.output {
                Format::Json => {
                    let secrets: Vec<_> = secrets.iter().map(|(_, name)| name).collect();
                    let page = json!({
                        "v": 1, "name": title.name, "file": title.file, "declaration": declaration, "secrets": secrets
                    });
                    format!("{page}\n")
                }
                Format::Text => {
                    let past = history.map(|history| Past::of(history.state(), &title.name)).unwrap_or_default();
                    page(&title.name, &title.file, &declaration, &secrets, palette)
                        + outlook(&past, &declaration, palette).as_str()
                }
            });
        }
        Err(failure) => failure,
    };
    let Some(history) = history else { return Err(no_runbook) };
    let is_id = show.subject.len() <= 26 && show.subject.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let run = match history.find(&show.subject) {
        Ok(run) => run,
        Err(no_run) => return Err(if is_id && show.subject.starts_with(['0', '1']) { no_run } else { no_runbook }),
    };
    let reading = history.read(run)?;
    let telling = Telling { verbose: show.verbose, ..Telling::default() }.again(&reading.records);
    let mut reporter = reporters::afterwards(globals.output, super::on_stdout(globals.color), telling);
    replay(&reading.records, &mut *reporter);
    Ok(())
}

/// Tells a run again. The reporter wants to know that it does: [`crate::output::reporters::Telling::again`].
pub fn replay(records: &[Record], reporter: &mut dyn Reporter) {
    records.iter().for_each(|record| reporter.fact(record));
}

/// What a runbook says about itself, which secrets it names and where they come from, and how to run it.
#[must_use]
pub fn page(name: &str, file: &str, declaration: &Declaration, secrets: &[(Option<String>, String)], palette: Palette) -> String {
    let title = palette.paint(Tone::Strong, &safe::line(&declaration.title));
    let mut page = format!("{title}\n{} · {}\n", safe::line(name), safe::line(file));
    if let Some(about) = &declaration.about {
        page.push_str(&format!("\n{}\n", safe::block(about.trim().as_bytes(), Colours::Dropped)));
    }
    page.push('\n');
    let mut row =
        |key: &str, value: String| page.push_str(&format!("{}{value}\n", palette.paint(Tone::Faint, &format!("{key:<10}"))));
    if let Some(owner) = &declaration.owner {
        row("owner", safe::line(owner));
    }
    if let Some(budget) = declaration.budget {
        row("budget", budget.to_string());
    }
    if !declaration.locks.is_empty() {
        row("lock", safe::line(&declaration.locks.names.join(", ")));
    }
    for serves in &declaration.serves {
        let labels: Vec<_> = serves.labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
        row("alert", safe::line(&format!("{} {}", serves.alert, labels.join(" "))).trim_end().to_owned());
    }
    for (name, parameter) in &declaration.params {
        row("parameter", safe::line(&describe(name, parameter)));
    }
    for (source, name) in secrets {
        let from = source.as_deref().map_or("no source without an environment".to_owned(), |source| format!("from {source}"));
        row("secret", safe::line(&format!("{name}: {from}")));
    }
    page.push_str(&format!("\n{}\n", palette.paint(Tone::Faint, "rehearse it first:")));
    page.push_str(&format!("  runbook exec {}{} --dry-run\n", safe::line(name), required(declaration)));
    page
}

/// What earlier runs say about the next one.
fn outlook(past: &Past, declaration: &Declaration, palette: Palette) -> String {
    let lines: Vec<_> = past
        .said(declaration.budget, Timestamp::now())
        .into_iter()
        .map(|(tone, text)| format!("  {}\n", palette.paint(tone, &safe::line(&text))))
        .collect();
    if lines.is_empty() {
        String::new()
    } else {
        format!("\n{}\n{}", palette.paint(Tone::Faint, "earlier runs:"), lines.concat())
    }
}

fn describe(name: &str, parameter: &Parameter) -> String {
    let mut text = format!("{name}: {}", parameter.kind.name());
    if !parameter.of.is_empty() {
        text.push_str(&format!(" of {}", parameter.of.join(", ")));
    }
    match (parameter.min, parameter.max) {
        (Some(min), Some(max)) => text.push_str(&format!(", {min} to {max}")),
        (Some(min), None) => text.push_str(&format!(", at least {min}")),
        (None, Some(max)) => text.push_str(&format!(", at most {max}")),
        (None, None) => {}
    }
    match &parameter.fallback {
        Some(fallback) => text.push_str(&format!(", else {fallback}")),
        None => text.push_str(", required"),
    }
    if let Some(help) = &parameter.help {
        text.push_str(&format!(" ({help})"));
    }
    text
}

fn required(declaration: &Declaration) -> String {
    let required = declaration.params.iter().filter(|(_, parameter)| parameter.fallback.is_none());
    required.map(|(name, _)| format!(" -p {}=…", safe::line(name))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use runbook_model::parameter::Kind;

    #[test]
    fn a_page_says_what_is_needed_and_what_to_type() {
        let service = Parameter { help: Some("what to roll back".to_owned()), ..Parameter::default() };
        let percent =
            Parameter { kind: Kind::Int, min: Some(1.0), max: Some(100.0), fallback: Some(10.into()), ..Parameter::default() };
        let declaration = Declaration {
            title: "Roll back the API".to_owned(),
            budget: "10m".parse().ok(),
            params: [("service".to_owned(), service), ("percent".to_owned(), percent)].into(),
            ..Declaration::default()
        };
        let secrets = [(Some("the variable A".to_owned()), "db/a".to_owned()), (None, "db/b".to_owned())];
        assert_eq!(
            page("api", "runbooks/api.rhai", &declaration, &secrets, Palette::plain()),
            "Roll back the API\n\
             api · runbooks/api.rhai\n\
             \n\
             budget    10m\n\
             parameter percent: int, 1 to 100, else 10\n\
             parameter service: string, required (what to roll back)\n\
             secret    db/a: from the variable A\n\
             secret    db/b: no source without an environment\n\
             \n\
             rehearse it first:\n  runbook exec api -p service=… --dry-run\n"
        );
    }
}
