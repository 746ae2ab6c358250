//! The program's own log, for those who look into the engine. It never goes to standard output and is no record of a run.

use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;
use std::sync::Mutex;

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::format::FmtSpan;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::failure::Failure;
use crate::output::veiled::Veiled;

/// What is logged, and where.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Logging {
    /// Which events, as `tracing` writes it: `debug`, `runbook_runtime=trace,warn`.
    pub filter: Option<String>,
    /// The file that they are appended to; standard error when absent.
    pub file: Option<PathBuf>,
}

impl Logging {
    /// Starts to log. Without a filter and a file nothing is logged, and nothing is set up.
    ///
    /// # Errors
    /// The filter cannot be read, or the file cannot be opened.
    pub fn start(&self) -> Result<(), Failure> {
        if self.filter.is_none() && self.file.is_none() {
            return Ok(());
        }
        let filter = self.filter.as_deref().unwrap_or("debug");
        if let Some(word) = filter.split(',').map(str::trim).find(|word| is_mistyped(word)) {
            let refused =
                Failure::usage(format!("`{word}` in the log filter `{filter}` is neither a level nor a module of the engine"));
            return Err(refused.hint("levels: error, warn, info, debug, trace; one module: RUNBOOK_LOG=runbook_runtime=debug"));
        }
        // `Targets` and not `EnvFilter`: what it cannot do is to filter by the fields of a span, for which that brings a regular
        // expression engine along into every start.
        let events: Targets = filter
            .parse()
            .map_err(|error| Failure::usage(format!("`{filter}` is no log filter: {error}")).hint("RUNBOOK_LOG=debug"))?;
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(LevelFilter::TRACE)
            .with_ansi(false)
            // What the engine does is spans: each says at its end how long it took.
            .with_span_events(FmtSpan::CLOSE);
        let started = match &self.file {
            Some(path) => {
                let file = OpenOptions::new().append(true).create(true).mode(0o600).open(path).map_err(|error| {
                    Failure::usage(format!("cannot open the log file `{}`: {error}", path.display()))
                        .hint("give another with `--log FILE`")
                })?;
                subscriber.with_writer(Mutex::new(Veiled(file))).finish().with(events).try_init()
            }
            None => subscriber.with_writer(|| Veiled(io::stderr())).finish().with(events).try_init(),
        };
        started.map_err(|error| Failure::usage(format!("cannot start logging: {error}")))
    }
}

/// Whether this is a word alone that is probably meant as a level: `Targets` takes any for a module of that name, which then
/// logs nothing at all.
fn is_mistyped(word: &str) -> bool {
    let is_level = word.parse::<LevelFilter>().is_ok();
    !is_level && !word.is_empty() && !word.contains('=') && !word.contains("::") && !word.starts_with("runbook")
}
