//! `runbook show RUN --follow`: a run that another process works on, as it goes.

use std::os::fd::AsFd;
use std::time::Duration;

use runbook_model::entry::{Entry, Record};
use runbook_model::id::RunId;
use runbook_model::state::RunState;
use runbook_runtime::journal::Follower;
use runbook_runtime::report::Progress;
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::standing::{Seen, standing};
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::globals::Globals;
use crate::history::History;
use crate::output;
use crate::output::Format;
use crate::output::reporters::{self, Telling};
use crate::output::screen::on_stdout;

/// Between two looks at the journal. It is a file: nobody is told when it grows.
const PACE: Duration = Duration::from_millis(100);

/// Tells a run from its beginning, and goes on until nobody is at work on it. Ends like the run did.
pub(super) fn run(history: &History, run: RunId, verbose: bool, globals: &Globals) -> Result<ExitCode, Failure> {
    let mut follower = Follower::new(history.dir(run));
    let held = history.held(run);
    let mut records: Vec<Record> = follower.news()?;
    let telling = Telling { verbose, flags: globals.flags(), now: Some(jiff::Timestamp::now()), ..Telling::default() };
    // A session that was let go of is followed by this one, if anybody is at work.
    let telling = if held.is_some() {
        let ended = records.iter().filter(|record| matches!(record.entry, Entry::SessionEnded { .. })).count();
        Telling { sessions_before_last: ended, ..telling }
    } else {
        telling.again(&records)
    };
    let mut teller = reporters::following(globals.output, on_stdout(globals.color), telling);
    records.iter().for_each(|record| teller.fact(record));
    loop {
        // In this order: whoever has let go of it wrote all that they had to write before.
        let held = history.held(run);
        let news = follower.news()?;
        if news.is_empty() && held.is_none() {
            break;
        }
        news.iter().for_each(|record| teller.fact(record));
        records.extend(news);
        teller.progress(&Progress::Tick);
        // Whoever has read enough (`| grep -m1`) waits for this to end, and a run may be silent for hours.
        if is_gone(std::io::stdout()) {
            return Ok(ExitCode::Completed);
        }
        std::thread::sleep(PACE);
    }
    drop(teller);
    let Some(account) = runbook_model::account::Account::of(&records) else {
        return Err(Failure::usage(format!("run {run} never began: nothing was run")));
    };
    if globals.output == Format::Text {
        let seen = Seen { held: None, damaged: false, torn: false };
        output::to_stdout(&standing(&account, &seen, globals, on_stdout(globals.color)))?;
    }
    let state = RunState::fold(&records).ok().flatten();
    Ok(state.map_or(ExitCode::Interrupted, |state| ExitCode::of(state.status())))
}

/// Whether nobody reads a pipe any more.
fn is_gone(pipe: impl AsFd) -> bool {
    let mut pipes = [PollFd::new(&pipe, PollFlags::empty())];
    let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
    poll(&mut pipes, Some(&at_once)).is_ok() && pipes[0].revents().contains(PollFlags::ERR)
}
