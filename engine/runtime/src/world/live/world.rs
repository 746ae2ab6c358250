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
use super::processes::{Key, Processes, RunEnd};
use super::{Site, command, file, http, observe, secrets};
use crate::journal::Receipt;
use crate::operation::Look;
use crate::report::Progress;
use crate::secret::{Vault, known};
use crate::world::schedule::judge_live;
use crate::world::{
    Blind, Choice, Chosen, Judgement, Lent, Limits, Looks, People, Performed, Question, Reaction, Recovered, Task, World,
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
    /// Before the hosts, because fields are dropped in order: whoever waits for another command gives its session back.
    processes: Box<dyn Processes>,
    hosts: Hosts,
    people: Box<dyn People>,
    vault: Arc<Vault>,
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
        let (hosts, near, vault) = (Hosts::new(&site), Near::default(), Arc::new(Vault::empty()));
        Self { site: Arc::new(site), near, hosts, processes, people, vault, sink: Box::new(|_| {}), started: Instant::now() }
    }

    /// Sends the output of running commands to `sink`.
    #[must_use]
    pub fn with_sink(mut self, sink: Sink) -> Self {
        self.sink = sink;
        self
    }

    /// Takes secrets from this vault.
    #[must_use]
    pub fn with_vault(mut self, vault: Vault) -> Self {
        self.vault = Arc::new(vault);
        self
    }

    /// Has the secrets of earlier sessions fetched before anything can show them.
    async fn recall(&self) {
        if !self.vault.has_forgotten() {
            return;
        }
        let vault = Arc::clone(&self.vault);
        for missing in off_thread(move || vault.recall()).await {
            let text = format!("an earlier session used it, and it cannot be hidden where it turns up now: {missing}");
            (self.sink)(Progress::Notice { text });
        }
    }

    /// Makes the change of one attempt. [`World::perform`] is the door; the receipt stays there.
    async fn make(&self, path: &StepPath, attempt: Attempt, change: &Change, limits: Limits) -> Performed {
        let key = Key::of(path, attempt);
        let tag = self.tag(key);
        let refused = |why: String| Performed::Failed(secrets::refusal(change, why));
        let vault = Arc::clone(&self.vault);
        secrets::veiled(match change.clone() {
            Change::Run(invocation) => {
                let program = invocation.argv.first().cloned().unwrap_or_default();
                // Nothing is fetched for a program without secrets, and a thread costs more than looking.
                let opened = if invocation.secrets.is_empty() {
                    secrets::open_run(&vault, &invocation)
                } else {
                    let invocation = invocation.clone();
                    off_thread(move || secrets::open_run(&vault, &invocation)).await
                };
                let opened = match opened {
                    Ok(opened) => opened,
                    Err(why) => return refused(why),
                };
                if let Some(host) = &invocation.on {
                    let at = At { host, key, invocation: &opened, only_looks: false };
                    let listener = self.listener(path);
                    let run = self.hosts.run(&self.site, &*self.processes, at, limits, &listener);
                    return secrets::veiled(command::performed(&program, Box::pin(run).await));
                }
                let mut job = command::job(&self.site, &opened, false);
                let end = match self.borrowed(&invocation).await {
                    Borrowed::NotNeeded => self.processes.run(key, job, limits, &self.listener(path)).await,
                    Borrowed::Terminal(mut terminal) => {
                        let keys = terminal.keys();
                        job.window = terminal.window();
                        self.processes.run_at_terminal(key, job, limits, keys, &|_, bytes| terminal.show(bytes)).await
                    }
                    Borrowed::Nothing => RunEnd::NotStarted { message: NO_TERMINAL.to_owned() },
                };
                command::performed(&program, end)
            }
            Change::Write(write) => {
                let written = move || Ok(file::perform_write(&*secrets::open_write(&vault, &write)?, &tag));
                off_thread(written).await.unwrap_or_else(refused)
            }
            Change::Restore(restore) => {
                let restored = move || Ok(file::perform_restore(&secrets::open_restore(&vault, &restore)?, &tag));
                off_thread(restored).await.unwrap_or_else(refused)
            }
            Change::Http(call) => match off_thread(move || secrets::open_http(&vault, &call)).await {
                Ok(opened) => http::perform(&opened, limits).await,
                Err(why) => return refused(why),
            },
        })
    }

    /// Prepares a command for a host: its secrets here, where they are fetched and known, and the rest there.
    async fn prepare_there(&self, host: &str, invocation: &Invocation, change: &Change) -> Result<Change, Failure> {
        self.recall().await;
        let (site, vault, wanted) = (Arc::clone(&self.site), Arc::clone(&self.vault), change.clone());
        let prepare = move || secrets::prepare(&site, &vault, &wanted);
        // Nothing is fetched for a program without secrets, and a thread costs more than looking.
        let prepared = if invocation.secrets.is_empty() { prepare() } else { off_thread(prepare).await };
        match prepared.map_err(|failure| known::redacted(*failure))? {
            Change::Run(prepared) => self.hosts.prepare(&self.site, host, &prepared).await.map(Change::Run),
            other => Ok(other),
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
            return Box::pin(self.prepare_there(host, invocation, change));
        }
        if let Change::Run(invocation) = change
            && invocation.manner.is_interactive()
            && !self.people.has_terminal()
        {
            let program = invocation.argv.first().cloned().unwrap_or_default();
            return Box::pin(async { Err(Failure::NotStarted { program, message: NO_TERMINAL.to_owned() }) });
        }
        if let Change::Run(invocation) = change
            && invocation.secrets.is_empty()
            && !self.vault.has_forgotten()
            && self.near.knows(invocation)
        {
            let prepared = secrets::prepare(&self.site, &self.vault, change);
            return Box::pin(std::future::ready(prepared.map_err(|failure| known::redacted(*failure))));
        }
        let (site, vault, near, wanted) = (Arc::clone(&self.site), Arc::clone(&self.vault), self.near.clone(), change.clone());
        let prepare = move || {
            let prepared = secrets::prepare(&site, &vault, &wanted)?;
            if let (Change::Run(asked), Change::Run(found)) = (&wanted, &prepared) {
                near.learn(&site, asked, found);
            }
            Ok(prepared)
        };
        Box::pin(async move {
            self.recall().await;
            off_thread(prepare).await.map_err(|failure: Box<Failure>| known::redacted(*failure))
        })
    }

    fn perform<'a>(&'a self, receipt: Receipt, change: &'a Change, limits: Limits) -> Task<'a, Performed> {
        Box::pin(async move { self.make(receipt.path(), receipt.attempt(), change, limits).await })
    }

    fn recover<'a>(&'a self, intent: &'a Intent, boot: &'a str, limits: Limits) -> Task<'a, Recovered> {
        Box::pin(async move {
            self.recall().await;
            let key = Key::of(&intent.path, intent.attempt);
            let tag = self.tag(key);
            let vault = Arc::clone(&self.vault);
            // Without its secret nobody can compare what stands there with what was to be written.
            let not_opened = |known: String| Recovered::InDoubt { known };
            secrets::veiled_found(match intent.change.clone() {
                Some(Change::Run(invocation)) => {
                    let program = invocation.argv.first().cloned().unwrap_or_default();
                    if let Some(host) = &invocation.on {
                        let at = At { host, key, invocation: &invocation, only_looks: false };
                        let listener = self.listener(&intent.path);
                        let found = self.hosts.recover(&self.site, &*self.processes, at, boot, limits, &listener);
                        return secrets::veiled_found(command::recovered(&program, Box::pin(found).await));
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
                Some(Change::Write(write)) => {
                    let look = move || Ok(file::recover_write(&*secrets::open_write(&vault, &write)?, &tag));
                    off_thread(look).await.unwrap_or_else(not_opened)
                }
                Some(Change::Restore(restore)) => {
                    let look = move || Ok(file::recover_restore(&secrets::open_restore(&vault, &restore)?, &tag));
                    off_thread(look).await.unwrap_or_else(not_opened)
                }
                Some(Change::Http(call)) => Recovered::InDoubt {
                    known: format!("{} {} may have been sent; no answer was recorded", call.method, call.url),
                },
                None => Recovered::NeverBegun { evidence: "the step changes nothing".to_owned() },
            })
        })
    }

    fn make_ready(&self) -> Task<'_, ()> {
        self.processes.make_ready()
    }

    fn recorded(&self, path: &StepPath, attempt: Attempt) {
        self.hosts.recorded(Key::of(path, attempt));
    }

    fn observe<'a>(&'a self, observation: &'a Observation) -> Task<'a, Result<Seen, Blind>> {
        Box::pin(async {
            self.recall().await;
            let seen = observe::observe(&self.site, &self.hosts, &self.vault, &*self.processes, observation).await;
            seen.map(known::redacted).map_err(|blind| match blind {
                Blind::NotSeen(NotSeen { message }) => NotSeen { message: known::veiled(&message).into_owned() }.into(),
                // A path of ours and a number.
                Blind::Unwritten(unwritten) => Blind::Unwritten(unwritten),
            })
        })
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
mod tests;
