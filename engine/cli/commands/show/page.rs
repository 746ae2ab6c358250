//! The page of a runbook.

use jiff::Timestamp;
use runbook_model::change::quoted;
use runbook_model::declaration::Declaration;
use runbook_model::parameter::Parameter;

use crate::output::safe::{self, Colours};
use crate::output::style::{Palette, Tone};
use crate::rehearsal::Past;
use crate::sheet::wanted;
use crate::typed::required;

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
    for link in &declaration.links {
        row("link", safe::line(link));
    }
    for (name, parameter) in &declaration.params {
        row("parameter", safe::line(&describe(name, parameter)));
    }
    for (source, name) in secrets {
        let from = source.as_deref().map_or("no source without an environment".to_owned(), |source| format!("from {source}"));
        row("secret", safe::line(&format!("{name}: {from}")));
    }
    page.push_str(&format!("\n{}\n", palette.paint(Tone::Faint, "rehearse it first:")));
    page.push_str(&format!("  runbook exec {}{} --dry-run\n", safe::line(&quoted(name)), required(declaration, |_| false)));
    page
}

/// What earlier runs say about the next one.
pub(super) fn outlook(past: &Past, declaration: &Declaration, palette: Palette) -> String {
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
    let mut text = format!("{name}: {}", wanted(parameter));
    match &parameter.fallback {
        Some(fallback) => text.push_str(&format!(", else {fallback}")),
        None => text.push_str(", required"),
    }
    if let Some(help) = &parameter.help {
        text.push_str(&format!(" ({help})"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use runbook_model::parameter::Kind;

    #[test]
    fn a_page_says_what_is_needed_and_what_to_type() {
        let service =
            Parameter { help: Some("what to roll back".to_owned()), pattern: Some("[a-z]+".to_owned()), ..Parameter::default() };
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
             parameter service: string like /[a-z]+/, required (what to roll back)\n\
             secret    db/a: from the variable A\n\
             secret    db/b: no source without an environment\n\
             \n\
             rehearse it first:\n  runbook exec api -p service=… --dry-run\n"
        );
        let spaced = page("my api", "runbooks/my api.rhai", &Declaration::default(), &[], Palette::plain());
        assert!(spaced.ends_with("  runbook exec 'my api' --dry-run\n"), "what is to be typed is quoted: {spaced}");
    }
}
