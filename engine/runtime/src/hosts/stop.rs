//! Stops a command on its host, over a session of its own, and says what that did.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use runbook_model::answer::{KillReceipt, Process};
use tokio::signal::unix::Signal;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::contact::{Contact, Heard, Request};
use super::task::Task;
use super::words::in_a_line;

/// How long the host may take to answer, and to do what is behind SIGKILL, beyond the grace of the command.
pub(super) const PATIENCE: Duration = Duration::from_secs(15);

/// How long one session may take until the far half speaks; then another way is tried.
const FIRST_WORD: Duration = Duration::from_secs(6);

/// What came of stopping.
#[derive(Debug)]
pub(super) enum Halted {
    /// It was stopped.
    Stopped(KillReceipt),
    /// It had ended by itself.
    Over,
    /// It was never begun, and will not be.
    Never,
    /// What it does now is not known.
    Unclear(String),
}

/// Waits for the keeper's SIGTERM, and stops the command then.
pub(super) struct Stopper {
    signal: Signal,
    task: Task,
    halting: Option<Pin<Box<dyn Future<Output = Halted>>>>,
    asked: bool,
    /// What was stopped.
    pub(super) receipt: Option<KillReceipt>,
}

impl Stopper {
    pub(super) fn new(signal: Signal, task: &Task) -> Self {
        Self { signal, task: task.clone(), halting: None, asked: false, receipt: None }
    }

    /// What came of stopping; pending as long as nobody wants it. Nothing is lost when the future is dropped.
    pub(super) async fn halted(&mut self) -> Halted {
        if !self.asked {
            self.signal.recv().await;
            self.asked = true;
            self.halting = Some(Box::pin(halt(self.task.clone())));
        }
        match &mut self.halting {
            Some(halting) => {
                let halted = halting.as_mut().await;
                self.halting = None;
                if let Halted::Stopped(receipt) = &halted {
                    self.receipt = Some(receipt.clone());
                }
                halted
            }
            None => std::future::pending().await,
        }
    }

    /// Whether somebody wants it stopped.
    pub(super) fn is_called(&self) -> bool {
        self.asked
    }

    /// Whether it is being stopped in this moment.
    pub(super) fn is_at_work(&self) -> bool {
        self.halting.is_some()
    }
}

async fn halt(task: Task) -> Halted {
    let grace: Duration = task.grace.into();
    let deadline = Instant::now() + grace + PATIENCE;
    let mut receipt = Seen::default();
    let mut direct = false;
    let mut why = "it did not answer in time".to_owned();
    while Instant::now() < deadline {
        let log = task.verdict.with_extension("stop");
        let request = Request {
            verb: "stop",
            run: &task.run,
            key: &task.key,
            details: (grace.as_millis() / 100).to_string(),
            command: None,
        };
        match Contact::open(&task.link, direct, None, &request, &log).await {
            Ok(contact) => match timeout_at(deadline, listen(contact, &mut receipt)).await {
                Ok(Ok(halted)) => return halted,
                Ok(Err(words)) => why = words,
                Err(_) => {}
            },
            Err(error) => why = error.to_string(),
        }
        // The shared connection may be the one that is dead.
        direct = true;
        sleep(Duration::from_millis(500)).await;
    }
    Halted::Unclear(format!("it was to be stopped on `{}`, which could not be told: {}", task.link.host, in_a_line(&why)))
}

async fn listen(mut contact: Contact, seen: &mut Seen) -> Result<Halted, String> {
    let mut spoke = false;
    loop {
        let heard = match spoke {
            true => contact.next().await,
            false => match timeout(FIRST_WORD, contact.next()).await {
                Ok(heard) => heard,
                Err(_) => return Err("it did not answer in time".to_owned()),
            },
        };
        let halted = match heard {
            Heard::Data { .. } => continue,
            Heard::Over { words } => return Err(words),
            Heard::Said { word, rest, .. } => {
                spoke = true;
                match word.as_str() {
                    "seen" => {
                        seen.add(&rest, false);
                        continue;
                    }
                    "survived" => {
                        seen.add(&rest, true);
                        continue;
                    }
                    "killed" => {
                        seen.killed = true;
                        continue;
                    }
                    "stopped" => Halted::Stopped(seen.receipt()),
                    "over" if seen.all.is_empty() => Halted::Over,
                    "over" => Halted::Stopped(seen.receipt()),
                    "never" => Halted::Never,
                    "missing" => Halted::Unclear("its traces on the host are gone".to_owned()),
                    "unclear" => Halted::Unclear("whether it was begun on the host is not known".to_owned()),
                    _ => continue,
                }
            }
        };
        contact.finish().await;
        return Ok(halted);
    }
}

/// Takes a process that the far half names (`PID NAME`) into a list, once.
pub(super) fn note(line: &str, list: &mut Vec<Process>) {
    let (pid, name) = line.split_once(' ').unwrap_or((line, ""));
    let Ok(pid) = pid.parse() else { return };
    if !list.iter().any(|known: &Process| known.pid == pid) {
        list.push(Process { pid, name: name.to_owned() });
    }
}

/// Who was seen.
#[derive(Default)]
struct Seen {
    all: Vec<Process>,
    survived: Vec<Process>,
    killed: bool,
}

impl Seen {
    fn add(&mut self, line: &str, survived: bool) {
        note(line, if survived { &mut self.survived } else { &mut self.all });
    }

    fn receipt(&self) -> KillReceipt {
        let is_gone = |process: &&Process| !self.survived.iter().any(|survivor| survivor.pid == process.pid);
        let stopped = self.all.iter().filter(is_gone).cloned().collect();
        KillReceipt { stopped, survived: self.survived.clone(), killed: self.killed }
    }
}
