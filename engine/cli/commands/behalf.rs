//! `runbook behalf`: does what a person asked for in a browser. The server starts it; people never do.
//!
//! The person and the command line come by standard input, and not by arguments or variables, which other processes can
//! read. What the person may do is judged where it always is: by the dispatcher, for the name that stands here. Whoever has
//! the account of the server could write any name, as they could write the journal itself.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::sync::OnceLock;

use runbook_model::digest::Digest;
use runbook_model::parameter::Origin;
use serde::{Deserialize, Serialize};

use crate::commands;
use crate::exit_code::ExitCode;
use crate::output;

/// Do what a person asked for in a browser
#[derive(Debug, clap::Args)]
pub struct Behalf {}

/// The name of the verb, by which the server starts it.
pub const VERB: &str = "behalf";
/// The longest request, in bytes.
const LONGEST: u64 = 1 << 20;

/// What a person asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// Who.
    pub person: String,
    /// The command line, without the name of the program.
    pub line: Vec<String>,
    /// Where the values of parameters come from, when nobody typed them.
    #[serde(default)]
    pub origins: BTreeMap<String, Origin>,
    /// The digest of the sources that the person was shown.
    #[serde(default)]
    pub shown: Option<Digest>,
}

static REQUEST: OnceLock<Request> = OnceLock::new();

/// For whom this process works, when that is not whoever started it.
pub(crate) fn request() -> Option<&'static Request> {
    REQUEST.get()
}

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
    if REQUEST.set(request).is_err() {
        return refuse("this process works for somebody already");
    }
    commands::perform_line(line.map(Into::into))
}

fn refuse(why: &str) -> ExitCode {
    output::to_stderr(&format!("what the server asks for cannot be read: {}\n", output::safe::line(why)));
    ExitCode::NothingRun
}
