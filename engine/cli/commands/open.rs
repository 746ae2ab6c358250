//! `runbook open`: shows where a link leads. It never runs anything.

use std::collections::BTreeMap;

use runbook_alerts::link::{self, Target};
use runbook_alerts::mapping::{self, Known, answering};
use runbook_alerts::proposal::Proposal;
use runbook_model::change::quoted;
use runbook_model::declaration::Declaration;
use runbook_model::parameter::{Origin, nearest};
use serde_json::json;

use crate::alerts::{base, known};
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::globals::Globals;
use crate::output;
use crate::output::Format;
use crate::output::safe;
use crate::output::screen::on_stdout;
use crate::output::style::Tone;
use crate::place::Place;
use crate::typed::required;

/// Show the runbook of a link, its parameters and the command to type
///
/// A link proposes values and nothing else: not the mode, the environment, a person or an answer. Nothing is fetched and nothing is run.
#[derive(Debug, clap::Args)]
pub struct Open {
    /// The link: `https://HOST/open/NAME?…`, `https://HOST/alert/NAME?…` or `runbook://open/NAME?…`
    #[arg(value_name = "URL")]
    pub url: String,
}

/// Shows it.
///
/// # Errors
/// It is not a link to a runbook that is here.
pub fn run(open: &Open, place: &Place, globals: &Globals) -> Result<ExitCode, Failure> {
    let refused = |why: String| Failure::usage(format!("this link is not followed: {why}; nothing was run (RB0043)"));
    let link = link::read(&open.url).map_err(|error| refused(error.to_string()))?;
    let base = base(None, place)?;
    // The page may live below a path. A link from elsewhere is shown as well, and said to be one: it only proposes.
    let here = base.as_deref().and_then(|base| link.target_below(&open.url, base));
    let from = From {
        host: if link.host.is_empty() { link.scheme.clone() } else { link.host.clone() },
        page: base.filter(|_| here.is_none()),
    };
    let (runbooks, _) = known(&place.library());
    let mut proposal = Proposal::default();
    let known = match here.unwrap_or(link.target) {
        Target::Open { runbook, pairs } => {
            let Some(known) = runbooks.iter().find(|known| known.name == runbook) else {
                let failure = Failure::usage(format!("there is no runbook `{runbook}`; nothing was run (RB0043)"));
                let near = nearest(&runbook, runbooks.iter().map(|known| known.name.as_str()));
                return Err(failure.meant(near).hint("runbook list"));
            };
            proposal.take(&known.declaration, pairs.into_iter().filter(|(name, _)| !name.starts_with('_')), Origin::Link);
            known
        }
        Target::Alert { name, labels } => {
            let labels: BTreeMap<_, _> = labels.into_iter().collect();
            let found = answering(&runbooks, &name, &labels);
            let &[known] = found.as_slice() else {
                let names: Vec<_> = found.iter().map(|known| format!("`{}`", known.name)).collect();
                return Err(if names.is_empty() {
                    unserved(&runbooks, &name, &labels)
                } else {
                    Failure::usage(format!("{} serve the alert `{name}`; nothing was run (RB0043)", names.join(" and ")))
                });
            };
            proposal.take(&known.declaration, mapping::values(&known.declaration, &labels), Origin::Link);
            known
        }
        Target::Occurrence { .. } => {
            return Err(refused("only the page was told what fires".to_owned()).hint("open it in a browser"));
        }
        Target::Elsewhere => {
            return Err(refused("it leads to another page".to_owned()).hint("https://HOST/open/NAME?parameter=value"));
        }
    };
    output::to_stdout(&match globals.output {
        Format::Json => as_json(&known.name, &from, &known.declaration, &proposal, globals),
        Format::Text => as_text(&known.name, &from, &known.declaration, &proposal, globals),
    })?;
    Ok(ExitCode::Completed)
}

/// No runbook answers an alert; those that serve one of its name with other labels say what stands in their way.
fn unserved(runbooks: &[Known], name: &str, labels: &BTreeMap<String, String>) -> Failure {
    let near = |known: &Known| -> Vec<String> {
        let unmet = mapping::unmet(&known.declaration, name, labels);
        unmet.iter().map(|unmet| format!("`{}` {unmet}", known.name)).collect()
    };
    let near: Vec<String> = runbooks.iter().flat_map(near).collect();
    if near.is_empty() {
        return Failure::usage(format!("no runbook serves the alert `{name}`; nothing was run (RB0043)")).hint("runbook list");
    }
    Failure::usage(format!("no runbook answers the alert `{name}` with these labels; nothing was run (RB0043)"))
        .detail(near.join("\n"))
}

/// Where a link comes from.
struct From {
    host: String,
    /// The address of the page of this repository, when the link is none of its own.
    page: Option<String>,
}

/// What to type. Every value is one word, whatever it holds; the rehearsal comes first.
fn typed(name: &str, declaration: &Declaration, proposal: &Proposal, globals: &Globals) -> String {
    let params = proposal.values.iter().map(|(name, (value, _))| format!(" -p {}", quoted(&format!("{name}={value}"))));
    let open = required(declaration, |name| proposal.values.contains_key(name));
    globals.typed(&format!("exec {}{}{open} --dry-run", quoted(name), params.collect::<String>()))
}

fn missing<'a>(declaration: &'a Declaration, proposal: &Proposal) -> Vec<&'a str> {
    let absent = declaration
        .params
        .iter()
        .filter(|(name, parameter)| parameter.fallback.is_none() && !proposal.values.contains_key(*name));
    absent.map(|(name, _)| name.as_str()).collect()
}

fn as_json(name: &str, from: &From, declaration: &Declaration, proposal: &Proposal, globals: &Globals) -> String {
    let values: BTreeMap<_, _> =
        proposal.values.iter().map(|(name, (value, origin))| (name, json!({ "value": value, "origin": origin }))).collect();
    let refused: Vec<_> = proposal.refused.iter().map(|(name, _, want)| json!({ "name": name, "want": want })).collect();
    let line = json!({
        "v": 1,
        "runbook": name,
        "title": declaration.title,
        "from": from.host,
        "elsewhere": from.page.is_some(),
        "values": values,
        "refused": refused,
        "ignored": proposal.ignored,
        "missing": missing(declaration, proposal),
        "command": typed(name, declaration, proposal, globals),
    });
    format!("{line}\n")
}

fn as_text(name: &str, from: &From, declaration: &Declaration, proposal: &Proposal, globals: &Globals) -> String {
    let palette = on_stdout(globals.color).palette;
    let mut text = format!("{}  {}\n", palette.paint(Tone::Strong, &safe::line(name)), safe::line(&declaration.title));
    if let Some(owner) = &declaration.owner {
        text.push_str(&format!("owner: {}\n", safe::line(owner)));
    }
    text.push_str(&format!("link from: {}\n", safe::line(&from.host)));
    if let Some(page) = &from.page {
        let line = format!("the page of this repository is {page}: look at who sent you elsewhere");
        text.push_str(&format!("{}\n", palette.paint(Tone::Warn, &safe::line(&line))));
    }
    for (param, parameter) in &declaration.params {
        let (value, origin) = match (proposal.values.get(param), &parameter.fallback) {
            (Some((value, _)), _) => (safe::line(value), "from the link"),
            (None, Some(fallback)) => (safe::line(fallback.as_str().unwrap_or(&fallback.to_string())), "fallback"),
            (None, None) => (String::new(), "needed: add it with -p"),
        };
        text.push_str(&format!("  {param} = {value}  {}\n", palette.paint(Tone::Faint, &format!("({origin})"))));
    }
    for (param, value, want) in &proposal.refused {
        let cut: String = value.chars().take(60).collect();
        text.push_str(&format!("refused: `{}` for `{}`: {}\n", safe::line(&cut), safe::line(param), safe::line(want)));
    }
    let (twice, unknown) = proposal.ignored(declaration);
    for (why, names) in [("given twice, and the first one counts", twice), ("ignored, no such parameter", unknown)] {
        if !names.is_empty() {
            let names: Vec<_> = names.iter().map(|name| format!("`{}`", safe::line(name))).collect();
            text.push_str(&format!("{why}: {}\n", names.join(", ")));
        }
    }
    text.push_str("Nothing was run. To rehearse it:\n");
    text.push_str(&format!("  {}\n", safe::line(&typed(name, declaration, proposal, globals))));
    text
}
