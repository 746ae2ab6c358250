//! The rehearsal: looks are real, changes are withheld.

use std::cell::RefCell;
use std::path::Path;
use std::time::Duration;

use runbook_model::Value;
use runbook_model::change::{Change, FileRestore, FileWrite, Invocation};
use runbook_model::entry::Intent;
use runbook_model::failure::Failure;
use runbook_model::length::Length;
use runbook_model::observation::{Observation, Seen};
use runbook_model::outlook::Lack;
use runbook_model::secret::Place;
use runbook_model::step::Check;
use rustix::fs::{Access, access};
use rustix::io::Errno;

use super::schedule::judge_dry;
use super::{Blind, Choice, Chosen, Judgement, Limits, Looks, Performed, Question, Reaction, Recovered, Task, World};
use crate::journal::Receipt;
use crate::operation::Look;

/// How long a server that a withheld change will speak to may take to be there.
const PATIENCE: Length = Length::from_secs(3);

/// A world that looks with another one's eyes and changes nothing.
#[derive(Debug)]
pub struct DryRunWorld<W> {
    real: W,
    lacks: RefCell<Vec<Lack>>,
    unconfined: Option<String>,
}

impl<W: World> DryRunWorld<W> {
    /// Rehearses in front of `real`, usually a [`LiveWorld`](super::LiveWorld). `unconfined` is why the programs of checks
    /// are not kept from writing; none when they are.
    #[must_use]
    pub fn new(real: W, unconfined: Option<String>) -> Self {
        Self { real, lacks: RefCell::default(), unconfined }
    }

    fn note(&self, change: String, what: String) {
        let lack = Lack { change, what };
        let mut all = self.lacks.borrow_mut();
        if !all.contains(&lack) {
            all.push(lack);
        }
    }

    /// Looks for what only the real run would find out by doing it: whether the directory of a file can be written, and
    /// whether a server is there to be spoken to.
    async fn preflight(&self, change: &Change) {
        match change {
            Change::Write(FileWrite { path, .. }) | Change::Restore(FileRestore { path, .. }) => {
                if let Some(why) = unwritable(Path::new(path)) {
                    self.note(change.line(), why);
                }
            }
            Change::Http(call) => {
                if is_open(change) {
                    return;
                }
                let Some(address) = address(&call.url) else { return };
                // Opening a connection says nothing to the server, and changes nothing there.
                let look = Observation::Tcp { address: address.clone(), timeout: Some(PATIENCE) };
                match self.real.observe(&look).await {
                    Ok(Seen::Value(Value::Bool(true))) => {}
                    Ok(_) => self.note(change.line(), format!("nobody answers at {address}")),
                    Err(blind) => self.note(change.line(), blind.to_string()),
                }
            }
            Change::Run(invocation) => {
                if let Some(why) = self.missing_there(invocation).await {
                    self.note(change.line(), why);
                }
            }
        }
    }
}

impl<W: World> DryRunWorld<W> {
    /// Looks for a program on the host that it will run on; for this machine, preparing it has looked.
    async fn missing_there(&self, invocation: &Invocation) -> Option<String> {
        let host = invocation.on.as_deref().filter(|host| !host.contains('‹'))?;
        let program = invocation.argv.first().filter(|program| !program.contains('‹'))?;
        let argv = ["/bin/sh", "-c", "command -v -- \"$1\"", "sh", program].map(str::to_owned).to_vec();
        let secrets = invocation.secrets.iter().filter(|used| used.place != Place::Stdin).cloned().collect();
        let look = Invocation { argv, stdin: None, secrets, ..invocation.clone() };
        match self.real.observe(&Observation::Output { invocation: look, timeout: None }).await {
            Ok(Seen::Exited(exited)) if exited.status.is_success() => None,
            Ok(_) => Some(format!("there is no program `{program}` on `{host}`")),
            Err(blind) => Some(blind.to_string()),
        }
    }
}

impl<W: World> World for DryRunWorld<W> {
    fn prepare<'a>(&'a self, change: &'a Change) -> Task<'a, Result<Change, Failure>> {
        Box::pin(async move {
            match self.real.prepare(change).await {
                Ok(prepared) => {
                    self.preflight(&prepared).await;
                    Ok(prepared)
                }
                Err(failure) => {
                    // What nobody knows yet cannot be looked for, and is not missing.
                    if !is_open(change) {
                        self.note(change.line(), failure.line());
                    }
                    Ok(change.clone())
                }
            }
        })
    }

    fn lacks(&self) -> Vec<Lack> {
        self.lacks.borrow().clone()
    }

    fn unconfined(&self) -> Option<String> {
        self.unconfined.clone()
    }

    fn withholds(&self) -> bool {
        true
    }

    fn perform<'a>(&'a self, _receipt: Receipt, _change: &'a Change, _limits: Limits) -> Task<'a, Performed> {
        Box::pin(async { Performed::Withheld })
    }

    fn recover<'a>(&'a self, _intent: &'a Intent, _boot: &'a str, _limits: Limits) -> Task<'a, Recovered> {
        Box::pin(async { Recovered::NeverBegun { evidence: "a rehearsal changes nothing".to_owned() } })
    }

    fn observe<'a>(&'a self, observation: &'a Observation) -> Task<'a, Result<Seen, Blind>> {
        self.real.observe(observation)
    }

    fn judge(&self, check: &Check, history: &Looks, look: Look) -> Judgement {
        judge_dry(check, history, look)
    }

    fn ask<'a>(&'a self, question: &'a Question) -> Task<'a, Reaction> {
        if let Some(shortage) = &question.shortage {
            self.note(question.text.clone(), shortage.clone());
        }
        Box::pin(async { Reaction::Withheld })
    }

    fn choose<'a>(&'a self, _choice: &'a Choice) -> Task<'a, Option<Chosen>> {
        Box::pin(async { None })
    }

    fn wait(&self, length: Duration) -> Task<'_, ()> {
        self.real.wait(length)
    }

    fn monotonic_millis(&self) -> u64 {
        self.real.monotonic_millis()
    }

    fn now(&self) -> jiff::Timestamp {
        self.real.now()
    }
}

/// Whether the place at which a change is made is what only another withheld change could tell.
fn is_open(change: &Change) -> bool {
    let is_open = |text: &str| text.contains('‹');
    match change {
        Change::Write(FileWrite { path, .. }) | Change::Restore(FileRestore { path, .. }) => is_open(path),
        Change::Http(call) => is_open(&call.url),
        Change::Run(invocation) => {
            invocation.argv.first().map(String::as_str).into_iter().chain(invocation.cwd.as_deref()).any(is_open)
        }
    }
}

/// Host and port of a URL.
fn address(url: &str) -> Option<String> {
    let uri = url.parse::<ureq::http::Uri>().ok()?;
    let port = uri.port_u16().unwrap_or(if uri.scheme_str() == Some("https") { 443 } else { 80 });
    Some(format!("{}:{port}", uri.host()?))
}

/// Why a file at `path` could not be replaced: that takes a new file in its directory.
fn unwritable(path: &Path) -> Option<String> {
    let directory = path.parent()?;
    match access(directory, Access::WRITE_OK | Access::EXEC_OK) {
        Ok(()) => None,
        Err(Errno::ROFS) => Some(format!("`{}` is on a read-only file system", directory.display())),
        Err(Errno::ACCESS) => Some(format!("you may not write in `{}`", directory.display())),
        Err(error) => Some(format!("`{}`: {error}", directory.display())),
    }
}

#[cfg(test)]
mod tests {
    use runbook_model::change::{FileWrite, HttpCall};

    use super::*;
    use crate::world::live::Site;
    use crate::world::live::processes::plain::PlainProcesses;
    use crate::world::{Absent, LiveWorld};

    #[tokio::test]
    async fn what_withheld_changes_will_need_is_collected_and_nothing_is_changed() {
        let dir = tempfile::tempdir().unwrap();
        let site = Site::new("01J0000000000000000000000A".parse().unwrap(), dir.path());
        let world = DryRunWorld::new(LiveWorld::new(site, Box::new(PlainProcesses), Box::new(Absent)), None);
        let target = dir.path().join("new.conf");
        let write = |path: &Path| {
            let (path, content) = (path.display().to_string(), "a = 1\n".to_owned());
            Change::Write(FileWrite { path, content, ..FileWrite::default() })
        };
        let run = Change::Run(Invocation { argv: vec!["no-such-program-anywhere".to_owned()], ..Invocation::default() });
        let call = |url: &str| Change::Http(HttpCall { method: "POST".to_owned(), url: url.to_owned(), ..HttpCall::default() });
        assert!(matches!(world.prepare(&write(&target)).await, Ok(Change::Write(FileWrite { before: Some(_), .. }))));
        assert!(world.prepare(&call("http://[::1]:9/x")).await.is_ok());
        let unheard: Vec<_> = world.lacks().into_iter().map(|lack| lack.what).collect();
        assert_eq!(unheard, ["nobody answers at [::1]:9"]);
        assert_eq!(world.prepare(&run).await, Ok(run.clone()));
        assert_eq!(world.prepare(&run).await, Ok(run.clone()), "a retry is not a second finding");
        let nested = write(&dir.path().join("not/there"));
        assert_eq!(world.prepare(&nested).await, Ok(nested.clone()));
        let lacks: Vec<_> = world.lacks().into_iter().skip(1).map(|lack| lack.change).collect();
        assert_eq!(lacks, [run.line(), nested.line()]);
        assert!(!target.exists());
    }

    #[tokio::test]
    async fn nobody_is_asked_and_looks_are_real() {
        use crate::world::scripted::{ScriptedWorld, Sight};
        let real = ScriptedWorld::new().says_yes("*").sees("tcp::open", Sight::value(true));
        let world = DryRunWorld::new(real.clone(), None);
        let question = Question {
            path: runbook_model::path::StepPath::root().child("Go on?", 1),
            text: "Go on?".to_owned(),
            confirm: runbook_model::step::Confirm::default(),
            shown: runbook_model::digest::Digest::ZERO,
            left: None,
            shortage: None,
        };
        assert_eq!(world.ask(&question).await, Reaction::Withheld);
        let tcp = Observation::Tcp { address: "db:1".to_owned(), timeout: None };
        assert_eq!(world.observe(&tcp).await, real.observe(&tcp).await);
        world.wait(Duration::from_millis(5)).await;
        assert_eq!(world.monotonic_millis(), 5);
    }
}
