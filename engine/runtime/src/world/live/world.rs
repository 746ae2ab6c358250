//! The world in which changes are made.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use runbook_model::change::{Change, Invocation};
use runbook_model::entry::Intent;
use runbook_model::failure::Failure;
use runbook_model::id::Attempt;
use runbook_model::observation::{NotSeen, Observation, Seen};
use runbook_model::path::StepPath;
use runbook_model::step::Check;

use super::blocking::off_thread;
use super::host::{At, Hosts};
use super::near::Near;
use super::processes::{Job, Key, Processes, RunEnd};
use super::{Site, command, file, http, observe};
use crate::journal::Receipt;
use crate::operation::Look;
use crate::report::Progress;
use crate::world::schedule::judge_live;
use crate::world::{
    Choice, Chosen, Judgement, Lent, Limits, Looks, People, Performed, Question, Reaction, Recovered, Task, World,
};

/// Where output goes while a command runs.
pub type Sink = Box<dyn Fn(Progress)>;

/// Why an interactive step cannot begin.
const NO_TERMINAL: &str = "it is `interactive`, and nobody sits at a terminal here: resume the run from a terminal";

/// What became of asking for the operator's terminal.
enum Borrowed<'a> {
    NotNeeded,
    Terminal(Box<dyn Lent + 'a>),
    Nothing,
}

/// The real world, as one run may touch it.
pub struct LiveWorld {
    site: Arc<Site>,
    near: Near,
    hosts: Hosts,
    processes: Box<dyn Processes>,
    people: Box<dyn People>,
    sink: Sink,
    started: Instant,
}

impl fmt::Debug for LiveWorld {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LiveWorld").field("run", &self.site.run).field("root", &self.site.root).finish_non_exhaustive()
    }
}

impl LiveWorld {
    /// A world at `site`, whose programs are run by `processes` and whose questions go to `people`.
    #[must_use]
    pub fn new(site: Site, processes: Box<dyn Processes>, people: Box<dyn People>) -> Self {
        let (hosts, near) = (Hosts::new(&site), Near::default());
        Self { site: Arc::new(site), near, hosts, processes, people, sink: Box::new(|_| {}), started: Instant::now() }
    }

    /// Sends the output of running commands to `sink`.
    #[must_use]
    pub fn with_sink(mut self, sink: Sink) -> Self {
        self.sink = sink;
        self
    }

    /// Makes the change of one attempt. [`World::perform`] is the door; the receipt stays there.
    async fn make(&self, path: &StepPath, attempt: Attempt, change: &Change, limits: Limits) -> Performed {
        let key = Key::of(path, attempt);
        let tag = self.tag(key);
        match change.clone() {
            Change::Run(invocation) => {
                let program = invocation.argv.first().cloned().unwrap_or_default();
                if let Some(host) = &invocation.on {
                    let at = At { host, key, invocation: &invocation, only_looks: false };
                    let listener = self.listener(path);
                    let run = self.hosts.run(&self.site, &*self.processes, at, limits, &listener);
                    return command::performed(&program, Box::pin(run).await);
                }
                let job = command::job(&self.site, &invocation);
                let end = match self.borrowed(&invocation).await {
                    Borrowed::NotNeeded => self.processes.run(key, job, limits, &self.listener(path)).await,
                    Borrowed::Terminal(mut terminal) => {
                        let (keys, job) = (terminal.keys(), Job { window: terminal.window(), ..job });
                        self.processes.run_at_terminal(key, job, limits, keys, &|_, bytes| terminal.show(bytes)).await
                    }
                    Borrowed::Nothing => RunEnd::NotStarted { message: NO_TERMINAL.to_owned() },
                };
                command::performed(&program, end)
            }
            Change::Write(write) => off_thread(move || file::perform_write(&write, &tag)).await,
            Change::Restore(restore) => off_thread(move || file::perform_restore(&restore, &tag)).await,
            Change::Http(call) => http::perform(&call, limits).await,
        }
    }

    /// The operator's terminal, if the program needs it.
    async fn borrowed(&self, invocation: &Invocation) -> Borrowed<'_> {
        if !invocation.manner.is_interactive() {
            return Borrowed::NotNeeded;
        }
        (self.sink)(Progress::Quiet);
        self.people.lend().await.map_or(Borrowed::Nothing, Borrowed::Terminal)
    }

    /// Marks temporary files of one attempt of this run: another run that writes beside it must not sweep them away.
    fn tag(&self, key: Key) -> String {
        format!("{}-{:016x}", self.site.run, key.number())
    }

    fn listener<'a>(&'a self, path: &'a StepPath) -> impl Fn(bool, &[u8]) + 'a {
        |stderr, bytes| {
            if !bytes.is_empty() {
                (self.sink)(Progress::Output { path: path.clone(), stderr, bytes: bytes.to_vec() });
            }
        }
    }
}

impl World for LiveWorld {
    fn prepare<'a>(&'a self, change: &'a Change) -> Task<'a, Result<Change, Failure>> {
        if let Change::Run(invocation @ Invocation { on: Some(host), .. }) = change {
            let prepared = self.hosts.prepare(&self.site, host, invocation);
            return Box::pin(async move { prepared.await.map(Change::Run) });
        }
        if let Change::Run(invocation) = change
            && invocation.manner.is_interactive()
            && !self.people.has_terminal()
        {
            let program = invocation.argv.first().cloned().unwrap_or_default();
            return Box::pin(async { Err(Failure::NotStarted { program, message: NO_TERMINAL.to_owned() }) });
        }
        if let Change::Run(invocation) = change
            && self.near.knows(invocation)
        {
            let prepared = command::prepare(&self.site, invocation).map(Change::Run);
            return Box::pin(std::future::ready(prepared.map_err(|failure| *failure)));
        }
        let (site, wanted) = (Arc::clone(&self.site), change.clone());
        let prepare = move || match wanted {
            Change::Run(invocation) => command::prepare(&site, &invocation).map(Change::Run),
            Change::Write(write) => file::prepare_write(&site, &write).map(Change::Write),
            Change::Restore(restore) => file::prepare_restore(&site, &restore).map(Change::Restore),
            Change::Http(call) => http::prepare(&site, &call).map(Change::Http),
        };
        Box::pin(async move {
            let prepared = off_thread(prepare).await.map_err(|failure| *failure)?;
            if let (Change::Run(asked), Change::Run(prepared)) = (change, &prepared) {
                let (near, site, found) = (self.near.clone(), Arc::clone(&self.site), prepared.clone());
                let asked = asked.clone();
                off_thread(move || near.learn(&site, asked, &found)).await;
            }
            Ok(prepared)
        })
    }

    fn perform<'a>(&'a self, receipt: Receipt, change: &'a Change, limits: Limits) -> Task<'a, Performed> {
        Box::pin(async move { self.make(receipt.path(), receipt.attempt(), change, limits).await })
    }

    fn recover<'a>(&'a self, intent: &'a Intent, boot: &'a str, limits: Limits) -> Task<'a, Recovered> {
        Box::pin(async move {
            let key = Key::of(&intent.path, intent.attempt);
            let tag = self.tag(key);
            match intent.change.clone() {
                Some(Change::Run(invocation)) => {
                    let program = invocation.argv.first().cloned().unwrap_or_default();
                    if let Some(host) = &invocation.on {
                        let at = At { host, key, invocation: &invocation, only_looks: false };
                        let listener = self.listener(&intent.path);
                        let found = self.hosts.recover(&self.site, &*self.processes, at, boot, limits, &listener);
                        return command::recovered(&program, Box::pin(found).await);
                    }
                    let found = match self.borrowed(&invocation).await {
                        Borrowed::Terminal(mut terminal) => {
                            let keys = terminal.keys();
                            let show = |_: bool, bytes: &[u8]| terminal.show(bytes);
                            self.processes.recover_at_terminal(key, boot, limits, keys, &show).await
                        }
                        // Where nobody can type, it may still come to its end by itself.
                        Borrowed::NotNeeded | Borrowed::Nothing => {
                            self.processes.recover(key, boot, limits, &self.listener(&intent.path)).await
                        }
                    };
                    command::recovered(&program, found)
                }
                Some(Change::Write(write)) => off_thread(move || file::recover_write(&write, &tag)).await,
                Some(Change::Restore(restore)) => off_thread(move || file::recover_restore(&restore, &tag)).await,
                Some(Change::Http(call)) => Recovered::InDoubt {
                    known: format!("{} {} may have been sent; no answer was recorded", call.method, call.url),
                },
                None => Recovered::NeverBegun { evidence: "the step changes nothing".to_owned() },
            }
        })
    }

    fn recorded(&self, path: &StepPath, attempt: Attempt) {
        self.hosts.recorded(Key::of(path, attempt));
    }

    fn observe<'a>(&'a self, observation: &'a Observation) -> Task<'a, Result<Seen, NotSeen>> {
        Box::pin(observe::observe(&self.site, &self.hosts, &*self.processes, observation))
    }

    fn judge(&self, check: &Check, history: &Looks, look: Look) -> Judgement {
        judge_live(check, history, look)
    }

    fn ask<'a>(&'a self, question: &'a Question) -> Task<'a, Reaction> {
        self.people.ask(question)
    }

    fn choose<'a>(&'a self, choice: &'a Choice) -> Task<'a, Option<Chosen>> {
        self.people.choose(choice)
    }

    fn wait(&self, length: Duration) -> Task<'_, ()> {
        Box::pin(tokio::time::sleep(length))
    }

    fn monotonic_millis(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::now()
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::rc::Rc;

    use runbook_model::answer::{Answer, ExitStatus};
    use runbook_model::change::{FileBefore, FileWrite};
    use runbook_model::digest::Digest;
    use runbook_model::length::Length;
    use runbook_model::step::{Command, Location, StepKind, StepSpec};
    use tokio::sync::watch;

    use super::*;
    use crate::world::Absent;
    use crate::world::live::processes::plain::PlainProcesses;

    fn world(root: &std::path::Path) -> LiveWorld {
        let site = Site::new("01J0000000000000000000000A".parse().unwrap(), root);
        LiveWorld::new(site, Box::new(PlainProcesses), Box::new(Absent))
    }

    fn run(argv: &[&str]) -> Change {
        Change::Run(Invocation { argv: argv.iter().map(|&word| word.to_owned()).collect(), ..Invocation::default() })
    }

    fn unlimited() -> Limits {
        Limits { timeout: None, stop: watch::channel(false).1 }
    }

    fn intent(path: &StepPath, change: &Change) -> Intent {
        let command = Command::new(change.clone());
        Intent {
            path: path.clone(),
            attempt: Attempt::FIRST,
            fingerprint: Digest::ZERO,
            spec: StepSpec { name: path.name().to_owned(), kind: StepKind::Command(Box::new(command)) },
            change: Some(change.clone()),
            owes: Vec::new(),
            location: Location::default(),
        }
    }

    #[tokio::test]
    async fn a_command_runs_where_and_with_what_it_should() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("sub")).unwrap();
        let heard = Rc::new(RefCell::new(Vec::new()));
        let sink = Rc::clone(&heard);
        let world = world(dir.path()).with_sink(Box::new(move |progress| sink.borrow_mut().push(progress)));
        let path = StepPath::root().child("look around", 1);
        let Change::Run(mut invocation) = run(&["sh", "-c", "pwd; echo \"$COLOUR $CARGO\"; cat"]) else { unreachable!() };
        invocation.cwd = Some("sub".to_owned());
        invocation.env.insert("COLOUR".to_owned(), "green".to_owned());
        invocation.stdin = Some("from stdin".to_owned());
        let prepared = world.prepare(&Change::Run(invocation)).await.unwrap();
        let Change::Run(ref invocation) = prepared else { panic!("another kind") };
        assert!(invocation.argv[0].starts_with('/'), "{invocation:?}");
        let Performed::Done(Answer::Exited(exited)) = world.make(&path, Attempt::FIRST, &prepared, unlimited()).await else {
            panic!("not done")
        };
        let wanted = format!("{}\ngreen \nfrom stdin", dir.path().canonicalize().unwrap().join("sub").display());
        assert_eq!(exited.stdout.head.as_str(), Some(wanted.as_str()), "cargo's own variables must not get through");
        assert_eq!(*heard.borrow(), [Progress::Output { path, stderr: false, bytes: wanted.into_bytes() }]);
    }

    #[tokio::test]
    async fn failures_say_how_a_command_ended() {
        let world = world(std::path::Path::new("/"));
        let path = StepPath::root().child("fail", 1);
        let make = async |change: Change, limits: Limits| {
            let change = world.prepare(&change).await.unwrap();
            match world.make(&path, Attempt::FIRST, &change, limits).await {
                Performed::Failed(failure) => failure,
                other => panic!("{other:?}"),
            }
        };
        let failed = make(run(&["sh", "-c", "exit 4"]), unlimited()).await;
        assert!(matches!(failed, Failure::Exited(exited) if exited.status == ExitStatus::Code(4)));
        let failed = make(run(&["sh", "-c", "kill -9 $$"]), unlimited()).await;
        assert!(failed.effect_is_open() && failed.line() == "killed by SIGKILL (9)");
        let limits = Limits { timeout: Some(Length::from_millis(30)), ..unlimited() };
        assert!(matches!(make(run(&["sleep", "600"]), limits).await, Failure::TimedOut { .. }));
        let (stop, stopped) = watch::channel(false);
        let (failed, ()) = tokio::join!(make(run(&["sleep", "600"]), Limits { timeout: None, stop: stopped }), async {
            stop.send(true).unwrap();
        });
        assert!(matches!(failed, Failure::Stopped { .. }));
    }

    #[tokio::test]
    async fn what_can_never_start_is_refused_before_the_intent() {
        let world = world(std::path::Path::new("/"));
        let Change::Run(mut astray) = run(&["true"]) else { unreachable!() };
        astray.cwd = Some("/no/such/place".to_owned());
        for (change, words) in [
            (run(&["true\0"]), "NUL"),
            (run(&[]), "no program"),
            (run(&["no-such-program-here"]), "PATH"),
            (Change::Run(astray), "`/no/such/place` does not exist"),
        ] {
            let line = world.prepare(&change).await.unwrap_err().line();
            assert!(line.contains(words), "{line}");
        }
    }

    #[tokio::test]
    async fn a_write_is_recovered_from_the_file_itself() {
        let dir = tempfile::tempdir().unwrap();
        let world = world(dir.path());
        let path = StepPath::root().child("configure", 1);
        let wanted = FileWrite { path: "a.conf".to_owned(), content: "x".to_owned(), mode: None, before: None };
        let change = world.prepare(&Change::Write(wanted)).await.unwrap();
        assert!(matches!(&change, Change::Write(write) if write.before == Some(FileBefore::Absent)));
        let intent = intent(&path, &change);
        assert!(matches!(world.recover(&intent, "boot", unlimited()).await, Recovered::NeverBegun { .. }));
        let done = Performed::Done(Answer::Written);
        assert_eq!(world.make(&path, Attempt::FIRST, &change, unlimited()).await, done);
        assert_eq!(world.recover(&intent, "boot", unlimited()).await, Recovered::Ended(done));
    }
}
