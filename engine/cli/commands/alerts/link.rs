//! `runbook alerts link`: adds the links that are missing.

use std::collections::BTreeSet;
use std::path::PathBuf;

use runbook_alerts::adding::plan;
use runbook_alerts::findings::{External, Wanted};
use runbook_alerts::rules;
use similar::TextDiff;

use crate::alerts::{Source, base, gather, known, rewrite};
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::globals::Globals;
use crate::output;
use crate::output::safe::{self, Colours};
use crate::output::screen::{on_stderr, on_stdout};
use crate::output::style::Tone;
use crate::place::Place;

/// So many alerts that no runbook serves are named.
const NAMED: usize = 12;

/// Add the links that are missing to rule files
///
/// For each alert without a link that one runbook serves: the address of its page, with the labels that fill its parameters. Without
/// `--write` the difference is shown and nothing is written. No byte changes elsewhere: comments, quotes and line ends stay. Ends with
/// 2 when a file could not be read or written; the others are done all the same.
#[derive(Debug, clap::Args)]
pub struct Link {
    /// Rule files, or directories of them
    #[arg(value_name = "RULES", required = true)]
    pub rules: Vec<PathBuf>,
    /// Write the files
    #[arg(long)]
    pub write: bool,
    /// Show the difference, also when it is written
    #[arg(long)]
    pub diff: bool,
    /// The address of the page; otherwise `url` of `[serve]`
    #[arg(long, value_name = "URL")]
    pub base: Option<String>,
    /// The annotation that holds the link
    #[arg(long, value_name = "NAME", default_value = "runbook_url")]
    pub annotation: String,
}

/// Shows or writes what is missing.
///
/// # Errors
/// The page has no address, or the annotation no name.
pub(super) fn run(link: &Link, place: &Place, globals: &Globals) -> Result<ExitCode, Failure> {
    let base = base(link.base.as_deref(), place)?
        .ok_or_else(|| Failure::usage("where is the page?").hint("--base https://HOST, or `url` in [serve] of runbook.toml"))?;
    let plain_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if link.annotation.is_empty() || !link.annotation.chars().all(plain_name) {
        return Err(Failure::usage(format!("`{}` is no name of an annotation", link.annotation)));
    }
    let wanted = Wanted {
        base: Some(base.clone()),
        annotation: link.annotation.clone(),
        severities: Default::default(),
        external: External::Ignore,
    };
    let (runbooks, broken) = known(&place.library());
    for line in broken {
        output::to_stderr(&format!("note: {}\n", safe::line(&line)));
    }
    let (mut added, mut left_over, mut failed) = (0, 0, false);
    let mut unserved = BTreeSet::new();
    let mut fails = |what: String| {
        failed = true;
        output::to_stderr(&Failure::usage(what).rendered(on_stderr(globals.color).palette));
    };
    for source in gather(&place.surroundings.cwd, &link.rules) {
        let source = match source {
            Ok(source) => source,
            Err(error) => {
                fails(format!("{error} (RB0041)"));
                continue;
            }
        };
        let file = rules::read(&source.name, &source.text.text);
        if let Some(unread) = &file.unread {
            fails(format!("cannot read `{}`: {unread} (line {}) (RB0041)", source.name, unread.place.line));
            continue;
        }
        let planned = plan(&file, &source.text.text, &runbooks, &base, &wanted);
        for left in &planned.left {
            let line = format!("{}:{}: {}: no link added: {} (RB0044)", source.name, left.line, left.alert, left.why);
            output::to_stderr(&format!("{}\n", safe::line(&line)));
        }
        left_over += planned.left.len();
        unserved.extend(planned.unserved);
        if planned.additions.is_empty() {
            continue;
        }
        if link.diff || !link.write {
            output::to_stdout(&shown(&source, &planned.after, globals))?;
        }
        match link.write.then(|| rewrite(&source, &planned.after)) {
            Some(Err(error)) => fails(format!("cannot write `{}`: {error} (RB0044)", source.name)),
            Some(Ok(())) | None => added += planned.additions.len(),
        }
    }
    output::to_stderr(&format!("{}, {left_over} left to a person\n", done(added, link.write)));
    if let Some(line) = nobody_serves(&unserved) {
        output::to_stderr(&format!("{}\n", safe::line(&line)));
    }
    Ok(if failed { ExitCode::NothingRun } else { ExitCode::Completed })
}

/// What became of the links.
fn done(count: usize, written: bool) -> String {
    match (count, written) {
        (0, _) => "nothing to add".to_owned(),
        (1, true) => "1 link added".to_owned(),
        (1, false) => "1 link to add: `--write` writes it".to_owned(),
        (count, true) => format!("{count} links added"),
        (count, false) => format!("{count} links to add: `--write` writes them"),
    }
}

/// The alerts that get no link because there is nothing that it could lead to.
fn nobody_serves(alerts: &BTreeSet<String>) -> Option<String> {
    let named: Vec<_> = alerts.iter().take(NAMED).map(|alert| format!("`{alert}`")).collect();
    let more = alerts.len() - named.len();
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    (!named.is_empty())
        .then(|| format!("no runbook serves {}{more}: `runbook alerts check` says where they stand", named.join(", ")))
}

fn shown(source: &Source, after: &str, globals: &Globals) -> String {
    let palette = on_stdout(globals.color).palette;
    let name = safe::line(&source.name);
    let diff = TextDiff::from_lines(&source.text.text, after);
    let text = diff.unified_diff().context_radius(3).header(&name, &name).to_string();
    let paint = |line: &str| {
        let line = safe::block(line.as_bytes(), Colours::Dropped);
        match line.chars().next() {
            Some('+') => palette.paint(Tone::Good, &line),
            Some('-') => palette.paint(Tone::Bad, &line),
            _ => line,
        }
    };
    text.lines().map(|line| format!("{}\n", paint(line))).collect()
}
