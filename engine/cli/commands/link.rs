//! `runbook link`: prints the address of a runbook with its parameters.

use runbook_alerts::link::to_runbook;
use runbook_alerts::proposal::Proposal;
use runbook_model::parameter::{Origin, nearest};

use crate::alerts::base;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::library::broken;
use crate::output;
use crate::output::style::Palette;
use crate::place::Place;
use crate::typed::Parameter;

/// Print the address of a runbook with its parameters
///
/// Every value is held against its parameter first. Whoever opens the address sees a form, and nothing is run.
#[derive(Debug, clap::Args)]
pub struct Link {
    /// The name of a runbook
    #[arg(value_name = "NAME")]
    pub runbook: String,
    /// Values for its parameters
    #[arg(value_name = "KEY=VALUE")]
    pub params: Vec<Parameter>,
    /// The address of the page; otherwise `url` of `[serve]`
    #[arg(long, value_name = "URL")]
    pub base: Option<String>,
}

/// Prints the address.
///
/// # Errors
/// There is no such runbook or parameter, a value does not fit, or the page has no address.
pub fn run(link: &Link, place: &Place) -> Result<ExitCode, Failure> {
    let library = place.library();
    let title = library.find(&link.runbook)?;
    if !library.titles().contains(&title) {
        return Err(Failure::usage(format!("`{}` is a path: the page knows names only", link.runbook)).hint("runbook list"));
    }
    let (_, declaration) = library.read(&title).map_err(|wrong| broken(&title, &wrong, Palette::plain()))?;
    let pairs: Vec<_> = link.params.iter().map(|given| (given.name.clone(), given.text.clone())).collect();
    let mut proposal = Proposal::default();
    proposal.take(&declaration, pairs.clone(), Origin::Link);
    if let Some(name) = proposal.ignored.first() {
        if declaration.params.contains_key(name) {
            return Err(Failure::usage(format!("the parameter `{name}` is given twice")));
        }
        let failure = Failure::usage(format!("`{}` has no parameter `{name}`", title.name));
        let near = nearest(name, declaration.params.keys().map(String::as_str));
        return Err(failure.meant(near).hint(format!("runbook show {}", title.name)));
    }
    if let Some((name, _, want)) = proposal.refused.first() {
        return Err(Failure::usage(format!("`{}` does not take this value for `{name}`: {want}", title.name)));
    }
    let base = base(link.base.as_deref(), place)?
        .ok_or_else(|| Failure::usage("where is the page?").hint("--base https://HOST, or `url` in [serve] of runbook.toml"))?;
    output::to_stdout(&format!("{}\n", to_runbook(&base, &title.name, &pairs)))?;
    let given = |name: &str| proposal.values.contains_key(name);
    let missing = declaration.params.iter().filter(|(name, parameter)| parameter.fallback.is_none() && !given(name));
    let missing: Vec<_> = missing.map(|(name, _)| format!("`{name}`")).collect();
    if !missing.is_empty() {
        output::to_stderr(&format!("whoever opens it has to fill in {}\n", missing.join(", ")));
    }
    Ok(ExitCode::Completed)
}
