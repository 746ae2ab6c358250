//! `runbook alerts link`: adds the links that are missing.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use runbook_alerts::adding::{applied, propose};
use runbook_alerts::findings::{External, Wanted};
use runbook_alerts::rules;
use similar::TextDiff;

use crate::alerts::{Source, base, gather, known};
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::globals::Globals;
use crate::output;
use crate::output::safe::{self, Colours};
use crate::output::screen::on_stdout;
use crate::output::style::Tone;
use crate::place::Place;

/// Add the links that are missing to rule files
///
/// For each alert without a link that one runbook serves: the address of its page, with the labels that fill its parameters. Without
/// `--write` the difference is shown and nothing is written. No byte changes elsewhere: comments, quotes and line ends stay.
#[derive(Debug, clap::Args)]
pub struct Link {
    /// Rule files, or directories of them
    #[arg(value_name = "RULES", required = true)]
    pub rules: Vec<PathBuf>,
    /// Write the files
    #[arg(long)]
    pub write: bool,
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
/// A file cannot be read or written, or the page has no address. Files before it may be written.
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
    let (mut added, mut left_over) = (0, 0);
    for source in gather(&place.surroundings.cwd, &link.rules) {
        let source = source.map_err(|error| Failure::usage(format!("{error} (RB0041)")))?;
        let file = rules::read(&source.name, &source.text.text);
        if let Some(unread) = &file.unread {
            let failure =
                Failure::usage(format!("cannot read `{}`: {unread} (line {}) (RB0041)", source.name, unread.place.line));
            return Err(failure);
        }
        let (additions, left) = propose(&file, &source.text.text, &runbooks, &base, &wanted);
        for left in &left {
            let line = format!("{}:{}: {}: no link added: {} (RB0044)", source.name, left.line, left.alert, left.why);
            output::to_stderr(&format!("{}\n", safe::line(&line)));
        }
        left_over += left.len();
        if additions.is_empty() {
            continue;
        }
        let after = applied(&file, &source.text.text, &additions, &link.annotation)
            .map_err(|error| Failure::usage(format!("`{}`: {error} (RB0044)", source.name)))?;
        added += additions.len();
        if link.write {
            write(&source, &after)?;
        } else {
            output::to_stdout(&shown(&source, &after, globals))?;
        }
    }
    let done = if link.write { "added" } else { "to add: `--write` writes them" };
    output::to_stderr(&format!("{added} links {done}, {left_over} left to a person\n"));
    Ok(ExitCode::Completed)
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

/// Writes a file as a whole or not at all, with its mark and its permissions.
fn write(source: &Source, after: &str) -> Result<(), Failure> {
    let wrong = |why: String| Failure::usage(format!("cannot write `{}`: {why} (RB0044)", source.name));
    let Some(path) = &source.path else { return Err(wrong("standard input has no place to write to".to_owned())) };
    if !source.text.same_bytes {
        return Err(wrong("it is UTF-16: make it UTF-8 first".to_owned()));
    }
    // Through links: the file is replaced, and not the link to it.
    let path = path.canonicalize().map_err(|error| wrong(error.to_string()))?;
    let written = || {
        let directory = path.parent().unwrap_or(Path::new("/"));
        let mut file = tempfile::NamedTempFile::new_in(directory)?;
        if source.text.mark == 3 {
            file.write_all(b"\xef\xbb\xbf")?;
        }
        file.write_all(after.as_bytes())?;
        file.as_file().set_permissions(std::fs::metadata(&path)?.permissions())?;
        file.as_file().sync_all()?;
        file.persist(&path).map(drop).map_err(|error| error.error)
    };
    written().map_err(|error: std::io::Error| wrong(error.to_string()))
}
