//! `runbook report`: a run for the incident review.

use std::fs::File;
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, fchown};
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use tempfile::{Builder, NamedTempFile};

use crate::dossier::{Dossier, html, json, markdown};
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::globals::Globals;
use crate::history::History;
use crate::output;
use crate::output::Format;
use crate::typed::RunPrefix;

/// Write a report of a run, for the incident review
///
/// What happened and when, promises of time kept and broken, who decided what, outputs, rollback, doubts and how they were
/// settled, where it came from and how it is sealed. Works on a run that goes on, died, or is damaged, and says so. Nothing
/// is locked, and nothing is written but the report.
#[derive(Debug, clap::Args)]
pub struct Report {
    /// The run: its id, a unique prefix of it, or `last`
    #[arg(value_name = "RUN")]
    pub run: RunPrefix,
    /// As what: `md` for a wiki or an issue, `html` for people (one file, no scripts), `json` for programs; otherwise as the name of the file says, or `md`
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<As>,
    /// Into this file, which is written whole or not at all; otherwise to standard output
    #[arg(long = "out", short, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// As what a report is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum As {
    /// Markdown.
    Md,
    /// One HTML file.
    Html,
    /// One JSON object.
    Json,
}

impl Report {
    fn wanted(&self, globals: &Globals) -> As {
        let extension = self.out.as_deref().and_then(Path::extension).and_then(|extension| extension.to_str());
        match (self.format, extension) {
            (Some(format), _) => format,
            (None, Some("html" | "htm")) => As::Html,
            (None, Some("json")) => As::Json,
            (None, _) if globals.output == Format::Json => As::Json,
            (None, _) => As::Md,
        }
    }
}

impl Report {
    /// Whether neither the person nor the name of the file says as what it is written.
    fn is_plain(&self, out: &Path, globals: &Globals) -> bool {
        let says = out.extension().is_some_and(|extension| extension == "md" || extension == "markdown");
        self.format.is_none() && !says && self.wanted(globals) == As::Md
    }
}

/// Writes it. A run that is damaged has a report, too, and decides the exit code.
///
/// # Errors
/// There is no such run, not even its first record can be read, or the report cannot be written.
pub fn run(report: &Report, history: Option<&History>, globals: &Globals) -> Result<ExitCode, Failure> {
    let Some(history) = history else { return Err(Failure::usage("nothing was run here").hint("runbook list")) };
    let run = history.find(&report.run.0).map_err(|failure| failure.hint(globals.typed("runs")))?;
    let dossier = Dossier::of(history, run)?;
    let text = match report.wanted(globals) {
        As::Md => markdown::document(&dossier),
        As::Html => html::page(&dossier),
        As::Json => format!("{}\n", json::document(&dossier)),
    };
    match report.out.as_deref().filter(|out| *out != Path::new("-")) {
        None => output::to_stdout(&text)?,
        Some(out) => {
            written(out, &text)?;
            let what = if report.is_plain(out, globals) { " as Markdown (--format says otherwise)" } else { "" };
            output::to_stderr(&format!("report of run {run}{what}: {}\n", output::safe::line(&out.display().to_string())));
        }
    }
    Ok(if dossier.is_whole() { ExitCode::Completed } else { ExitCode::Damaged })
}

/// Puts a file into place whole or not at all: half a report would be taken for one.
fn written(out: &Path, text: &str) -> Result<(), Failure> {
    let refused = |error: std::io::Error| Failure::usage(format!("the report cannot be written to `{}`: {error}", out.display()));
    // What is no plain file (a pipe, a device) cannot be replaced, and must not be.
    if std::fs::metadata(out).is_ok_and(|there| !there.is_file()) {
        return std::fs::write(out, text).map_err(refused);
    }
    // Behind a link is the file that is meant, whether it is there by now or not.
    let there = std::fs::canonicalize(out).or_else(|_| std::fs::read_link(out).map(|to| out.with_file_name(to))).ok();
    let out = there.as_deref().unwrap_or(out);
    let folder = match out.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    out.file_name().ok_or_else(|| refused(std::io::ErrorKind::InvalidFilename.into()))?;
    let put = created(folder, out).and_then(|mut file| file.as_file_mut().write_all(text.as_bytes()).map(|()| file));
    // Nobody is helped by the half of it: until it has its name it goes away by itself.
    put.and_then(|file| file.persist(out).map(drop).map_err(|error| error.error)).map_err(refused)
}

/// A new file that takes the place of another one: whoever could not read that one must not read the report, at no moment.
fn created(folder: &Path, instead: &Path) -> std::io::Result<NamedTempFile> {
    let there = std::fs::metadata(instead);
    let mode = if there.is_ok() { 0o600 } else { 0o666 };
    // Opened here: an error of `tempfile` names the file with this name, which nobody asked for.
    let new = |path: &Path| File::options().write(true).create_new(true).mode(mode).open(path);
    let file = Builder::new().prefix(".report-").make_in(folder, new)?;
    if let Ok(there) = there {
        // Only root may give a file away; anybody else's is their own already, or becomes it.
        fchown(file.as_file(), Some(there.uid()), Some(there.gid())).ok();
        file.as_file().set_permissions(there.permissions())?;
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_format_is_said_or_follows_from_the_name() {
        let report = |format, out: Option<&str>| Report { run: "01".parse().unwrap(), format, out: out.map(PathBuf::from) };
        let (text, json) = (Globals::default(), Globals { output: Format::Json, ..Globals::default() });
        assert_eq!(report(None, None).wanted(&text), As::Md);
        assert_eq!(report(None, None).wanted(&json), As::Json);
        assert_eq!(report(None, Some("a/night.html")).wanted(&json), As::Html);
        assert_eq!(report(Some(As::Json), Some("night.html")).wanted(&text), As::Json);
        let told = |format, out: &str| report(format, Some(out)).is_plain(Path::new(out), &text);
        assert!(told(None, "r.txt") && told(None, "night"), "nobody asked for Markdown");
        assert!(!told(None, "night.md") && !told(Some(As::Md), "r.txt") && !told(None, "night.html"));
    }

    #[test]
    fn a_file_that_was_there_keeps_its_links_and_who_may_read_it() {
        use std::os::unix::fs::{PermissionsExt as _, symlink};
        let home = tempfile::tempdir().unwrap();
        let (kept, link) = (home.path().join("night.html"), home.path().join("latest.html"));
        std::fs::write(&kept, "old").unwrap();
        std::fs::set_permissions(&kept, std::fs::Permissions::from_mode(0o600)).unwrap();
        symlink("night.html", &link).unwrap();
        written(&link, "new").unwrap();
        assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(std::fs::read_to_string(&kept).unwrap(), "new");
        assert_eq!(std::fs::metadata(&kept).unwrap().permissions().mode() & 0o777, 0o600, "it holds parameters and outputs");
        assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 2);
        std::fs::remove_file(&kept).unwrap();
        written(&link, "newer").unwrap();
        assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink(), "also when nothing was there yet");
        assert_eq!(std::fs::read_to_string(&kept).unwrap(), "newer");
    }

    #[test]
    fn a_report_that_cannot_be_written_leaves_nothing_behind() {
        let home = tempfile::tempdir().unwrap();
        let out = home.path().join("night.html");
        written(&out, "one").unwrap();
        written(&out, "two").unwrap();
        assert_eq!(std::fs::read_to_string(&out).unwrap(), "two");
        std::fs::create_dir(home.path().join("taken")).unwrap();
        let refused = written(&home.path().join("taken"), "x").unwrap_err();
        assert!(refused.to_string().contains("taken"), "{refused}");
        let refused = written(&home.path().join("none/night.html"), "x").unwrap_err();
        assert!(refused.to_string().ends_with("none/night.html`: No such file or directory (os error 2)"), "{refused}");
        assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 2);
    }
}
