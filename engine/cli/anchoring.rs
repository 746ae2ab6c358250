//! The remote of the audit trail: which one, whether a run is ours to work on, and how it comes here.

use std::path::Path;
use std::time::Duration;

use runbook_model::entry::{Entry, Purpose, Record};
use runbook_model::id::{RunId, Seq};
use runbook_runtime::anchor::{Anchored, Holding, NotAnchored, Remote};
use runbook_runtime::audit::verify::Request;
use runbook_runtime::audit::{Archive, Founding};
use runbook_runtime::journal::{Holder, Journal, RunDir, StateDir};

use crate::claim::Claim;
use crate::configuration::expanded;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::operator::Operator;
use crate::output::{self, safe};
use crate::workplace::{Workplace, boot};

/// The file of a run that says from which machine it was taken.
const TAKEN: &str = "taken_over";

/// How long a remote may take to say who has a run, when nobody sits there to see it wait.
const PATIENCE: Duration = Duration::from_secs(30);

impl Workplace<'_> {
    /// The remote that a run is pushed to: the one that it came from, else the configured one. None with `--offline`.
    #[must_use]
    pub fn remote(&self, state: &StateDir, dir: Option<&RunDir>) -> Option<Remote> {
        if self.globals.offline {
            return None;
        }
        let own = dir.and_then(RunDir::origin).map(|origin| origin.remote);
        let url = match own.filter(|url| !url.is_empty()) {
            Some(url) => url,
            None => self.located(&self.place.configuration.audit.remote.as_ref()?.value),
        };
        Some(self.remote_at(state, &url))
    }

    /// The remote that a person named.
    #[must_use]
    pub fn remote_named(&self, state: &StateDir, named: &str) -> Remote {
        let cwd = &self.place.surroundings.cwd;
        let url = if is_url(named) { named.to_owned() } else { cwd.join(named).display().to_string() };
        self.remote_at(state, &url)
    }

    fn remote_at(&self, state: &StateDir, url: &str) -> Remote {
        let operator = Operator::here();
        let remote = Remote::new(url, &state.audit(), &operator.person.host);
        let attended = operator.person.from == runbook_model::person::From::Terminal;
        if attended { remote } else { remote.unattended(PATIENCE) }
    }

    /// A URL as it is; a path from where the configuration stands.
    fn located(&self, text: &str) -> String {
        let home = self.place.surroundings.variable("HOME").map(Path::new);
        if is_url(text) { text.to_owned() } else { expanded(text, home, &self.root()).display().to_string() }
    }

    /// Makes sure that a run is ours to work on, and takes its lease. What another machine did with it and let go of is
    /// brought here first; what another machine still has is taken over only when somebody says why. When its last session came
    /// to an end, it is given back as the claim is dropped; else it stays ours, also when no session begins.
    ///
    /// # Errors
    /// Another machine has it, the remote cannot be reached, or what it holds cannot be trusted; nothing was run.
    pub(crate) fn claim(
        &self,
        state: &StateDir,
        run: RunId,
        remote: &Remote,
        take_over: Option<&str>,
    ) -> Result<Option<Claim>, Failure> {
        let mut taken = false;
        match remote.holding(run).map_err(|why| unclaimed(&why))? {
            // Its first push is yet to come, and takes the lease then.
            Holding::None => return Ok(None),
            Holding::Ours => {}
            Holding::Free(_) => {
                self.bring(state, run, remote)?;
            }
            Holding::Theirs(note) => {
                let who = note.as_ref().map_or_else(
                    || "another machine".to_owned(),
                    |note| format!("{}@{} (lease of {})", note.name, note.host, note.at),
                );
                let Some(why) = take_over else {
                    let held = NotAnchored::Fenced { run, by: note };
                    return Err(Failure::new(ExitCode::Refused, format!("{held}; nothing was run"))
                        .detail("It may still be at work, and what it did after its last push is not known here.".to_owned())
                        .hint(format!(
                            "when that machine is dead for certain: runbook resume {run} --take-over 'how you know'"
                        )));
                };
                self.bring(state, run, remote)?;
                taken = true;
                // Before the lease is ours: a process that dies in between must not forget how it came by the run.
                let noted = std::fs::write(state.run(run).dir().join(TAKEN), format!("from {who}: {why}"));
                noted.map_err(|error| {
                    Failure::new(ExitCode::Refused, format!("that the run is taken over cannot be written down: {error}"))
                })?;
            }
        }
        let holder = holder()?;
        remote.push_run(run, &holder.name, true).map_err(|why| unclaimed(&why))?;
        let dir = state.run(run);
        Ok((!taken && ended(&dir)).then(|| Claim::of(remote, dir, holder)))
    }

    /// Brings a run here that another machine pushed, after a look at all of it. True when there was anything new.
    ///
    /// # Errors
    /// It cannot be had, or cannot be trusted, or holds something else than what is here.
    pub fn bring(&self, state: &StateDir, run: RunId, remote: &Remote) -> Result<bool, Failure> {
        let holder = holder()?;
        let founding = Founding { at: jiff::Timestamp::now(), host: holder.host.clone() };
        let damaged = |why: String| Failure::new(ExitCode::Damaged, why);
        let archive = Archive::open(&state.audit(), Some(&founding)).map_err(|error| damaged(error.to_string()))?;
        let signers = self.allowed_signers(None)?;
        let request = Request { signers: signers.as_ref(), demanded: self.demanded(), ..Request::default() };
        let fetched = remote.fetch(run, &request).map_err(|why| refused(&why))?;
        let copy = archive.copy_of(run, fetched.tip).map_err(|error| damaged(error.to_string()))?;
        let dir = state.run(run);
        let brought = dir.bring(&copy.journal, remote.url(), &holder);
        let new = brought.map_err(|error| Failure::new(ExitCode::Refused, error.to_string()))?;
        // Not before the journal took it: what is here and not there must not look edited.
        remote.accept(&fetched).map_err(|why| refused(&why))?;
        let texts: Vec<_> = copy.sources.iter().map(|source| (source.name.as_str(), source.text.as_str())).collect();
        dir.pin(&texts).map_err(|error| damaged(error.to_string()))?;
        Ok(new)
    }
}

/// Whether the last session of a run came to its end: all that was done is in its journal then, and whoever has that may go on
/// with the run. What the remote says is older: it may have been out of reach at that end.
pub(crate) fn ended(dir: &RunDir) -> bool {
    let last = Journal::ending(dir).ok().flatten();
    last.is_some_and(|record| matches!(record.entry, Entry::SessionEnded { .. }))
}

/// This process, as it introduces itself to others that come to the run.
fn holder() -> Result<Holder, Failure> {
    let person = Operator::here().person;
    Ok(Holder {
        name: person.name,
        host: person.host,
        pid: std::process::id(),
        boot: boot()?,
        since: jiff::Timestamp::now(),
        purpose: Purpose::Resume,
    })
}

/// Says how far the anchor is when a session ends, and with what the program ends then.
#[must_use]
pub(crate) fn told(anchored: &Anchored, exit: ExitCode, workplace: &Workplace<'_>) -> ExitCode {
    let Anchored::Behind(why) = anchored else { return exit };
    if let NotAnchored::Unreachable { .. } | NotAnchored::Archive(_) = why {
        output::to_stderr(&format!("notice: the audit trail is not at its remote yet: {}\n", safe::line(&why.to_string())));
        output::to_stderr("next: runbook push\n");
        return exit;
    }
    let failure = refused(why);
    output::to_stderr(&failure.rendered(workplace.screen().palette));
    if exit == ExitCode::Completed { failure.exit() } else { exit }
}

/// Why something is not at the remote, or does not come from it, with the way out.
#[must_use]
pub(crate) fn refused(why: &NotAnchored) -> Failure {
    let failure = |exit| Failure::new(exit, why.to_string());
    match why {
        NotAnchored::Unreachable { .. } => failure(ExitCode::Refused),
        NotAnchored::Fenced { run, .. } => failure(ExitCode::Refused).hint(format!("runbook fetch {run}")),
        NotAnchored::NoSuchRun { .. } => failure(ExitCode::NothingRun),
        NotAnchored::Diverged { .. } | NotAnchored::Archive(_) | NotAnchored::Unsound { .. } => failure(ExitCode::Damaged),
    }
}

/// The same for somebody who wants to work on a run, which can be done without the remote. Fetching and pushing cannot.
fn unclaimed(why: &NotAnchored) -> Failure {
    let failure = refused(why);
    if !matches!(why, NotAnchored::Unreachable { .. }) {
        return failure;
    }
    failure
        .hint("without the remote, when nobody else can have taken the run: the same with `--offline`; `runbook push` catches up")
}

/// From which machine a run was taken without its consent, and why, unless its journal says so already.
pub(crate) fn taken_over(dir: &RunDir, records: &[Record]) -> Option<String> {
    let text = std::fs::read_to_string(dir.dir().join(TAKEN)).ok()?;
    let says_so = |record: &Record| matches!(&record.entry, Entry::SessionStarted(it) if it.taken_over.as_ref() == Some(&text));
    (!records.iter().any(says_so)).then_some(text)
}

/// How many records of a run came from another machine.
pub(crate) fn brought(dir: &RunDir) -> Seq {
    Seq(dir.origin().map_or(0, |origin| origin.records))
}

/// `host:path` and `scheme://…`; everything else is a path.
fn is_url(text: &str) -> bool {
    text.split_once(':').is_some_and(|(before, _)| !before.contains('/'))
}
