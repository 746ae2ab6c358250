//! `runbook behalf`: does what a person asked for in a browser. The server starts it; people never do.
//!
//! The person and the command line come by standard input, and not by arguments or variables, which other processes can
//! read. What the person may do is judged where it always is: by the dispatcher, for the name that stands here. Whoever has
//! the account of the server could write any name, as they could write the journal itself.

use std::io::Read as _;

use crate::behalf::{self, Request};
use crate::commands;
use crate::exit_code::ExitCode;
use crate::output;

/// Do what a person asked for in a browser
#[derive(Debug, clap::Args)]
pub struct Behalf {}

/// The longest request, in bytes.
const LONGEST: u64 = 1 << 20;

/// Does it, in a session of its own: what the server's terminal or its end does to others does not reach the run.
#[must_use]
pub fn run() -> ExitCode {
    let mut text = String::new();
    let read = std::io::stdin().lock().take(LONGEST).read_to_string(&mut text).map_err(|error| error.to_string());
    let request = read.and_then(|_| serde_json::from_str::<Request>(&text).map_err(|error| error.to_string()));
    let request = match request {
        Ok(request) if !request.person.is_empty() && !request.person.contains(char::is_control) => request,
        Ok(_) => return refuse("nobody is named"),
        Err(why) => return refuse(&why),
    };
    // It fails for the leader of a process group only, who has what is wanted already.
    rustix::process::setsid().ok();
    let line = std::iter::once("runbook".to_owned()).chain(request.line.clone());
    if !behalf::work_for(request) {
        return refuse("this process works for somebody already");
    }
    commands::perform_line(line.map(Into::into))
}

fn refuse(why: &str) -> ExitCode {
    output::to_stderr(&format!("what the server asks for cannot be read: {}\n", output::safe::line(why)));
    ExitCode::NothingRun
}
