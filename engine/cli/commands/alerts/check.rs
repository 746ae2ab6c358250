//! `runbook alerts check`: whether each alert leads to a runbook that fits it.

use std::path::PathBuf;

use clap::ValueEnum;
use runbook_alerts::findings::{self, Severity, Wanted, judge};
use runbook_alerts::rules;

use crate::alerts::{Baseline, Checked, Format, base, gather, known};
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::globals::Globals;
use crate::output;
use crate::output::screen::on_stderr;
use crate::place::Place;

/// Check that the links of alerts lead to runbooks that fit them
///
/// Reads rule files of Prometheus, Thanos, Mimir and Loki, `PrometheusRule`, `VMRule`, `List`, `ConfigMap` and provisioning of
/// Grafana, as YAML or JSON. Each link is held against the runbooks of this repository, their parameters and the labels of the
/// alert. Nothing is fetched. Ends with 0 when nothing is wrong, 1 with findings, 2 when a file that was named cannot be read.
#[derive(Debug, clap::Args)]
pub struct Check {
    /// Rule files, directories of them, or `-` for standard input
    #[arg(value_name = "RULES", required = true)]
    pub rules: Vec<PathBuf>,
    /// For whom the findings are written; `json` with `--output json`, otherwise `text`
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<Format>,
    /// The address of the page; otherwise `url` of `[serve]`. Without any, each address with `/open/`, `/alert/` or `/a/` is ours
    #[arg(long, value_name = "URL")]
    pub base: Option<String>,
    /// The annotation that holds the link
    #[arg(long, value_name = "NAME", default_value = "runbook_url")]
    pub annotation: String,
    /// Only alerts of these severities need a link; otherwise all
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub severity: Vec<String>,
    /// What links to elsewhere are
    #[arg(long, value_name = "WHAT", default_value = "ignore")]
    pub external: External,
    /// Say only what is not in this file
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<PathBuf>,
    /// Write all findings to the baseline, and end with 0
    #[arg(long, requires = "baseline")]
    pub write_baseline: bool,
    /// Let warnings count like errors
    #[arg(long)]
    pub strict: bool,
}

/// What links to elsewhere are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum External {
    /// Nothing to speak of
    Ignore,
    /// A warning
    Warn,
    /// An error
    Error,
}

/// Checks, and says what is wrong: to standard error for people, to standard output for programs.
///
/// # Errors
/// The baseline cannot be read or written, or what was said to be the page is none.
pub(super) fn run(check: &Check, place: &Place, globals: &Globals) -> Result<ExitCode, Failure> {
    let wanted = Wanted {
        base: base(check.base.as_deref(), place)?,
        annotation: check.annotation.clone(),
        severities: check.severity.iter().cloned().collect(),
        external: match check.external {
            External::Ignore => findings::External::Ignore,
            External::Warn => findings::External::Warn,
            External::Error => findings::External::Error,
        },
    };
    let cwd = &place.surroundings.cwd;
    // Before any work: a baseline that is not there is a slip.
    let baseline = check.baseline.as_ref().map(|path| cwd.join(path));
    let before = match &baseline {
        Some(path) if !check.write_baseline => Some(Baseline::read(path)?),
        _ => None,
    };
    let palette = on_stderr(globals.color).palette;
    let library = place.library();
    let (runbooks, broken) = known(&library);
    for line in broken {
        output::to_stderr(&format!("note: {}\n", output::safe::line(&line)));
    }
    let mut checked = Checked::default();
    let (mut files, mut unread) = (Vec::new(), false);
    for source in gather(cwd, &check.rules) {
        match source {
            Ok(source) => {
                let file = rules::read(&source.name, &source.text.text);
                unread |= source.named && file.unread.is_some();
                checked.findings.extend(judge(&file, &runbooks, &wanted));
                checked.skipped.extend(file.skipped.iter().map(|(line, why)| format!("{}:{line}: {why}", source.name)));
                let linked = |rule: &&rules::Rule| rule.annotations.contains_key(&wanted.annotation);
                checked.linked += file.rules.iter().filter(linked).count();
                checked.alerts += file.rules.len();
                files.push(file);
            }
            Err(error) => {
                unread = true;
                output::to_stderr(&Failure::usage(format!("{error} (RB0041)")).rendered(palette));
            }
        }
    }
    checked.files = files.len();
    checked
        .findings
        .extend(findings::generic(&files, &wanted).into_iter().filter(|_| wanted.external != findings::External::Ignore));
    let titles = library.titles();
    let file_of =
        |name: &str| titles.iter().find(|title| title.name == name).map_or_else(String::new, |title| title.file.clone());
    checked.findings.extend(findings::orphans(&files, &runbooks, &file_of));
    // Stable: within one severity they stay in the order of the files.
    checked.findings.sort_by_key(|finding| finding.severity);
    if let (true, Some(path)) = (check.write_baseline, &baseline) {
        Baseline::of(&checked.findings).write(path)?;
        output::to_stderr(&format!("{} findings are in `{}` now\n", checked.findings.len(), path.display()));
        return Ok(if unread { ExitCode::NothingRun } else { ExitCode::Completed });
    }
    checked.before = before.map_or(0, |before| before.take_away(&mut checked.findings));
    let format = check.format.unwrap_or(match globals.output {
        output::Format::Json => Format::Json,
        output::Format::Text => Format::Text,
    });
    match format.written(&checked) {
        Some(text) => output::to_stdout(&text)?,
        None => output::to_stderr(&format!("{}{}", checked.shown(palette), checked.verdict())),
    }
    let wrong = checked.count(Severity::Error) + if check.strict { checked.count(Severity::Warning) } else { 0 };
    Ok(match (unread, wrong) {
        (true, _) => ExitCode::NothingRun,
        (false, 0) => ExitCode::Completed,
        (false, _) => ExitCode::StepFailed,
    })
}
