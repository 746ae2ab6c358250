//! The thread that keeps the anchor up to date while a run goes on.

use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use runbook_model::id::RunId;

use super::refusal::NotAnchored;
use super::remote::Remote;

/// Pushes follow each other at this distance at least, so that a run of many short steps makes few of them.
const PAUSE: Duration = Duration::from_secs(1);

/// After a push that failed, the next is tried that much later at least.
const RETRY: Duration = Duration::from_secs(10);

/// What the remote said about the lease counts for so long; before a change after that it is asked again.
const FRESH: Duration = Duration::from_secs(2);

/// How long a change waits for that answer.
const ANSWER: Duration = Duration::from_secs(5);

/// How long one push may take. The run does not wait for it.
const PATIENCE: Duration = Duration::from_secs(20);

/// How long the end of a session waits for the last one.
const LAST: Duration = Duration::from_secs(10);

/// Pushes a run, its trail and its lease whenever something was sealed. The run never waits for it.
#[derive(Debug)]
pub struct Anchor {
    tasks: Sender<Task>,
    shared: Arc<Shared>,
    thread: JoinHandle<()>,
}

/// Whether a run still belongs to this process. Clones share the answer.
#[derive(Debug, Clone, Default)]
pub struct Fence {
    shared: Arc<Shared>,
    /// None where nothing is pushed: then the run is ours, as far as anybody can tell.
    tasks: Option<Sender<Task>>,
}

/// How far the anchor is when a session ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Anchored {
    /// All is there, and the run is free to be taken by anybody.
    Level,
    /// It lags behind, and `runbook push` catches up.
    Behind(NotAnchored),
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    /// Told after every push, whatever came of it.
    pushed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// Why the last push did not succeed.
    failed: Option<NotAnchored>,
    /// When the last push that succeeded began: then the run was ours. What the remote said came later, but how much later
    /// a process that was frozen in between cannot tell.
    ours: Option<Instant>,
    /// When the last push that came to an end began.
    tried: Option<Instant>,
}

#[derive(Debug)]
enum Task {
    /// Somebody waits for it.
    Renew,
    Push,
    Finish {
        held: bool,
    },
}

impl Fence {
    /// Why nothing may be written any more: another machine has taken the run.
    #[must_use]
    pub fn stands(&self) -> Option<NotAnchored> {
        let state = self.shared.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.failed.clone().filter(|why| matches!(why, NotAnchored::Fenced { .. }))
    }

    /// Whether there is a remote to ask.
    #[must_use]
    pub fn asks(&self) -> bool {
        self.tasks.is_some()
    }

    /// Asks the remote again whether the run is ours, when its last word is two seconds old, and waits for the answer: called before
    /// a change. A remote that is known to be out of reach is not waited for, and one that does not answer not for long: then
    /// the run goes on, and the trail lags.
    pub fn renew(&self) {
        let Some(tasks) = &self.tasks else { return };
        let asked = Instant::now();
        let state = self.shared.state.lock().unwrap_or_else(PoisonError::into_inner);
        let old = state.ours.is_some_and(|ours| ours.elapsed() > FRESH);
        let away = matches!(state.failed, Some(NotAnchored::Unreachable { .. }));
        if !old || away || tasks.send(Task::Renew).is_err() {
            return;
        }
        let unanswered = |state: &mut State| state.tried.is_none_or(|began| began < asked);
        let answered = self.shared.pushed.wait_timeout_while(state, ANSWER, unanswered);
        drop(answered);
    }
}

impl Anchor {
    /// Starts the thread for a run that `name` works on.
    ///
    /// # Errors
    /// When the system has no thread left.
    pub fn start(remote: &Remote, run: RunId, name: &str) -> std::io::Result<Self> {
        let (tasks, inbox) = mpsc::channel();
        let shared: Arc<Shared> = Arc::default();
        let (theirs, name) = (Arc::clone(&shared), name.to_owned());
        let remote = remote.clone();
        let thread =
            thread::Builder::new().name("anchor".to_owned()).spawn(move || work(&remote, run, &name, &inbox, &theirs))?;
        Ok(Self { tasks, shared, thread })
    }

    /// What to call when something was sealed. It costs nothing.
    #[must_use]
    pub fn nudge(&self) -> Box<dyn Fn() + Send> {
        let tasks = self.tasks.clone();
        // A thread that is gone has said why.
        Box::new(move || drop(tasks.send(Task::Push)))
    }

    /// Whether the run still belongs to this process.
    #[must_use]
    pub fn fence(&self) -> Fence {
        Fence { shared: Arc::clone(&self.shared), tasks: Some(self.tasks.clone()) }
    }

    /// Pushes what is left, lets go of the run, and ends the thread. `held` keeps the lease: the session did not end well.
    #[must_use]
    pub fn finish(self, held: bool) -> Anchored {
        let _gone = self.tasks.send(Task::Finish { held });
        drop(self.tasks);
        if self.thread.join().is_err() {
            tracing::error!("the thread that keeps the anchor panicked");
        }
        let state = self.shared.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.failed.clone().map_or(Anchored::Level, Anchored::Behind)
    }
}

fn work(remote: &Remote, run: RunId, name: &str, inbox: &Receiver<Task>, shared: &Shared) {
    let (mut wanted, mut due) = (false, Instant::now());
    loop {
        let task = if wanted {
            inbox.recv_timeout(due.saturating_duration_since(Instant::now()))
        } else {
            inbox.recv().map_err(|_| RecvTimeoutError::Disconnected)
        };
        match task {
            Ok(Task::Push) => {
                wanted = !is_final(shared);
                if Instant::now() < due {
                    continue;
                }
            }
            Ok(Task::Renew) => wanted = !is_final(shared),
            Ok(Task::Finish { held }) => {
                if !is_final(shared) {
                    let began = Instant::now();
                    note(shared, began, remote.unattended(LAST).push_run(run, name, held));
                }
                return;
            }
            Err(RecvTimeoutError::Disconnected) => return,
            Err(RecvTimeoutError::Timeout) => {}
        }
        if wanted {
            let began = Instant::now();
            let pushed = remote.unattended(PATIENCE).push_run(run, name, true);
            due = Instant::now() + if pushed.is_ok() { PAUSE } else { RETRY };
            // What failed is tried again by itself: the run may be waiting for a person for hours.
            wanted = matches!(pushed, Err(NotAnchored::Unreachable { .. } | NotAnchored::Archive(_)));
            note(shared, began, pushed);
        }
    }
}

/// Another machine's run, or another history: a push will not get better by waiting.
fn is_final(shared: &Shared) -> bool {
    let state = shared.state.lock().unwrap_or_else(PoisonError::into_inner);
    matches!(state.failed, Some(NotAnchored::Fenced { .. } | NotAnchored::Diverged { .. }))
}

fn note(shared: &Shared, began: Instant, pushed: Result<super::Pushed, NotAnchored>) {
    let failed = pushed.err();
    if let Some(why) = &failed {
        tracing::warn!(%why, "the audit trail was not pushed");
    }
    let mut state = shared.state.lock().unwrap_or_else(PoisonError::into_inner);
    state.tried = Some(began);
    if failed.is_none() {
        state.ours = Some(began);
    }
    state.failed = failed;
    drop(state);
    shared.pushed.notify_all();
}
