//! `runbook alerts check`: whether each alert leads to a runbook that fits it.

use std::path::PathBuf;

use clap::ValueEnum;
use jiff::Timestamp;
use runbook_alerts::findings::{self, Severity, Wanted};
use runbook_model::length::Length;

use crate::alerts::{Baseline, Checked, Format, base, gather, known, stale};
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::globals::Globals;
use crate::history::History;
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
    /// How long ago a runbook that alerts lead to may have been rehearsed, or run; otherwise `rehearsed_within` of `[alerts]`
    #[arg(long, value_name = "LENGTH")]
    pub rehearsed_within: Option<Length>,
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
    let wanted = check.wanted(place)?;
    let cwd = &place.surroundings.cwd;
    // Before any work: a baseline that is not there is a slip.
    let baseline = check.baseline.as_ref().map(|path| cwd.join(path));
    let before = match &baseline {
        Some(path) if !check.write_baseline => Some(Baseline::read(path)?),
        _ => None,
    };
    let library = place.library();
    let (runbooks, broken) = known(&library);
    for line in broken {
        output::to_stderr(&format!("note: {}\n", output::safe::line(&line)));
    }
    let titles = library.titles();
    let mut checked = Checked::of(gather(cwd, &check.rules), &runbooks, &titles, &wanted);
    if let Some(within) = check.rehearsed_within(place) {
        let history = History::open(&place.configuration)?;
        match stale(&checked.files, &runbooks, &titles, &wanted, within, history.as_ref(), Timestamp::now()) {
            Some(stale) => checked.findings.extend(stale),
            None => check.unknown(place)?,
        }
    }
    // Stable: within one severity they stay in the order of the files.
    checked.findings.sort_by_key(|finding| finding.severity);
    if let (true, Some(path)) = (check.write_baseline, &baseline) {
        Baseline::of(&checked.findings).write(path)?;
        output::to_stderr(&format!("{} findings are in `{}` now\n", checked.findings.len(), path.display()));
        return Ok(if checked.unread { ExitCode::NothingRun } else { ExitCode::Completed });
    }
    checked.before = before.map_or(0, |before| before.take_away(&mut checked.findings));
    let format = check.format.unwrap_or(match globals.output {
        output::Format::Json => Format::Json,
        output::Format::Text => Format::Text,
    });
    match format.written(&checked) {
        Some(text) => output::to_stdout(&text)?,
        None => {
            output::to_stderr(&format!("{}{}", checked.shown(on_stderr(globals.color).palette), checked.verdict()));
        }
    }
    let wrong = checked.count(Severity::Error) + if check.strict { checked.count(Severity::Warning) } else { 0 };
    Ok(match (checked.unread, wrong) {
        (true, _) => ExitCode::NothingRun,
        (false, 0) => ExitCode::Completed,
        (false, _) => ExitCode::StepFailed,
    })
}

impl Check {
    fn wanted(&self, place: &Place) -> Result<Wanted, Failure> {
        Ok(Wanted {
            base: base(self.base.as_deref(), place)?,
            annotation: self.annotation.clone(),
            severities: self.severity.iter().cloned().collect(),
            external: match self.external {
                External::Ignore => findings::External::Ignore,
                External::Warn => findings::External::Warn,
                External::Error => findings::External::Error,
            },
        })
    }

    fn rehearsed_within(&self, place: &Place) -> Option<Length> {
        self.rehearsed_within.or(place.configuration.alerts.rehearsed_within.as_ref().map(|within| within.value))
    }

    /// No run is known here. The configuration holds for every machine, also for those without runs; who types the option wants to
    /// know, and "nothing found" would be a lie.
    fn unknown(&self, place: &Place) -> Result<(), Failure> {
        let state = place.configuration.state_dir.value.display();
        let message = format!("no run is known in `{state}`: when runbooks were rehearsed is not judged");
        if self.rehearsed_within.is_none() {
            output::to_stderr(&format!("note: {}\n", output::safe::line(&message)));
            return Ok(());
        }
        Err(Failure::usage(message).hint("--state-dir DIR, the directory in which runs are kept"))
    }
}
