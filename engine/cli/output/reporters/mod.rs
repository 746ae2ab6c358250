//! Three ways to tell the same story: to a person at a terminal, to a log, to a program.
//!
//! [`narrator`] turns records into lines and knows nothing of terminals; [`terminal`] and [`plain`] lay them out;
//! [`json`] passes the records on. Everything is built from records and progress alone, so `runbook show` tells a run of
//! last year with the same words as the night on which it ran.

mod asked;
mod branches;
pub mod change;
#[cfg(test)]
pub(crate) mod example;
pub mod failed;
mod heading;
mod heartbeat;
pub mod json;
pub mod line;
mod live;
pub mod narrator;
mod ongoing;
pub mod outlook;
pub mod plain;
mod spoken;
mod step_end;
mod streamed;
mod summary;
pub mod terminal;

use std::collections::BTreeMap;
use std::io;
use std::time::Instant;

use runbook_model::entry::{Entry, Record};
use runbook_model::estimate::Estimate;
use runbook_model::path::StepPath;
use runbook_runtime::report::Reporter;

use crate::output::Format;
use crate::output::screen::Screen;
use crate::output::veiled::Veiled;
use crate::output::watched::{Unwritten, Watched};

/// A reporter that can join a run which began before it did.
pub trait Teller: Reporter {
    /// Takes in what happened before, without telling it.
    fn catch_up(&mut self, records: &[Record]);
}

/// How a run is told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Telling {
    /// The output of steps that succeed is shown, too.
    pub verbose: bool,
    /// Where the audit trail is, to be named at the end.
    pub trail: Option<String>,
    /// Flags to repeat in what could be typed next, such as `-C runbook-demo`; empty when there are none.
    pub flags: String,
    /// How long each step took before, for a rehearsal to say.
    pub likely: BTreeMap<StepPath, Estimate>,
    /// So many sessions are followed by another one: what could be typed at their end is of no use any more.
    pub sessions_before_last: usize,
    /// When this is told, where that is not as it happens: what had time then may have none now.
    pub now: Option<jiff::Timestamp>,
    /// The place of the run is gone when it has ended: neither is named, and nothing can be typed there.
    pub fleeting: bool,
}

impl Telling {
    /// The same for a run that is told again.
    #[must_use]
    pub fn again(mut self, records: &[Record]) -> Self {
        let last = records.iter().rposition(|record| matches!(record.entry, Entry::SessionStarted(_))).unwrap_or(0);
        let ended = records[..last].iter().filter(|record| matches!(record.entry, Entry::SessionEnded { .. }));
        self.sessions_before_last = ended.count();
        self
    }
}

/// Milliseconds of a clock that does not jump, from any starting point.
pub type Clock = Box<dyn Fn() -> u64>;

/// A file has no end of a line: whoever searches in it finds a text as a whole.
fn columns_of_stdout() -> usize {
    crate::output::screen::width(io::stdout()).unwrap_or(usize::MAX)
}

/// The reporter for where the output goes: records to standard output, or lines to standard error.
#[must_use]
pub fn choose(format: Format, stderr: Screen, telling: Telling) -> Box<dyn Teller> {
    let start = Instant::now();
    let clock: Clock = Box::new(move || u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX));
    match format {
        Format::Json => Box::new(json::Json::new(Box::new(Veiled(io::stdout())))),
        Format::Text if stderr.marked => {
            let width = Box::new(move || crate::output::screen::width(io::stderr()).unwrap_or(stderr.width));
            let height = Box::new(|| crate::output::screen::height(io::stderr()).unwrap_or(24));
            let out = Box::new(Veiled(io::stderr()));
            Box::new(terminal::Terminal::new(out, stderr, width, clock, telling).with_height(height))
        }
        Format::Text => Box::new(plain::Plain::new(Box::new(Veiled(io::stderr())), clock, telling)),
    }
}

/// The reporter for a run that another process works on: to standard output, because it is what was asked for.
#[must_use]
pub fn following(format: Format, stdout: Screen, telling: Telling) -> Box<dyn Teller> {
    let start = Instant::now();
    let clock: Clock = Box::new(move || u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX));
    match format {
        Format::Json => Box::new(json::Json::new(Box::new(Veiled(io::stdout())))),
        Format::Text => {
            let width = Box::new(columns_of_stdout);
            Box::new(terminal::Terminal::new(Box::new(Veiled(io::stdout())), stdout, width, clock, telling))
        }
    }
}

/// The reporter for a run that is over: to standard output, because it is what was asked for, and without a live line. What could
/// not be written is known when it is done.
#[must_use]
pub fn afterwards(format: Format, stdout: Screen, telling: Telling) -> (Box<dyn Teller>, Unwritten) {
    let clock: Clock = Box::new(|| 0);
    let (out, unwritten) = Watched::new(Veiled(io::stdout()));
    let teller: Box<dyn Teller> = match format {
        Format::Json => Box::new(json::Json::new(Box::new(out))),
        Format::Text => {
            let still = Screen { live: false, ..stdout };
            Box::new(terminal::Terminal::new(Box::new(out), still, Box::new(columns_of_stdout), clock, telling))
        }
    };
    (teller, unwritten)
}

/// Tells a run that is over. The reporter wants to know that it does: [`Telling::again`].
pub fn retell(records: &[Record], reporter: &mut dyn Reporter) {
    records.iter().for_each(|record| reporter.fact(record));
}
