//! The thread that writes the audit trail, off the critical path of a run.

use std::collections::BTreeMap;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use runbook_model::id::RunId;
use tokio::sync::oneshot;

use super::archive::Archive;
use super::seal::{Seal, SealError, Sealed};

/// Offered seals are committed at most this often; a seal that somebody waits for is committed at once.
const PAUSE: Duration = Duration::from_secs(2);

/// And they take at most this share of the time: 1 in 20, however long a journal grows.
const SHARE: u32 = 20;

/// A thread that owns the [`Archive`] and seals what it is given, in order.
///
/// Dropping it seals what was offered and not yet sealed, then ends the thread.
#[derive(Debug)]
pub struct Archivist {
    tasks: Option<Sender<Task>>,
    behind: Arc<Mutex<BTreeMap<RunId, Behind>>>,
    thread: Option<JoinHandle<Archive>>,
}

/// The audit trail lags: the last seal of a run failed. The run may go on; the next seal catches up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("audit behind: {why}")]
pub struct Behind {
    /// What the last seal failed with.
    pub why: String,
}

/// The thread is gone: it panicked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the thread that writes the audit trail died; `runbook seal` catches up")]
pub struct Stopped;

enum Task {
    Offer(Seal),
    Seal(Seal, oneshot::Sender<Result<Sealed, SealError>>),
    Conclude(Seal, oneshot::Sender<Result<Sealed, SealError>>),
}

impl Archivist {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the system has no thread left.
    pub fn start(archive: Archive) -> std::io::Result<Self> {
        let (tasks, inbox) = mpsc::channel();
        let behind = Arc::default();
        let shared = Arc::clone(&behind);
        let work = move || {
            let mut desk = Desk { archive, offered: BTreeMap::new(), due: Instant::now(), behind: shared };
            desk.work(&inbox);
            desk.archive
        };
        let thread = thread::Builder::new().name("archivist".to_owned()).spawn(work)?;
        Ok(Self { tasks: Some(tasks), behind, thread: Some(thread) })
    }

    /// Offers the state of a run: sealed when there is time. A newer offer of the same run replaces an older one.
    pub fn offer(&self, seal: Seal) {
        // When the thread is gone, whoever waits for a seal next is told so.
        let _gone = self.send(Task::Offer(seal));
    }

    /// Seals now, and waits until it is durable.
    ///
    /// # Errors
    /// The outer one when the thread is gone, the inner one when the seal failed.
    pub async fn seal_now(&self, seal: Seal) -> Result<Result<Sealed, SealError>, Stopped> {
        let (reply, answer) = oneshot::channel();
        self.send(Task::Seal(seal, reply))?;
        answer.await.map_err(|_| Stopped)
    }

    /// Seals the end of a run, merges it into `main`, and waits until both are durable.
    ///
    /// # Errors
    /// The outer one when the thread is gone, the inner one when the seal failed.
    pub async fn conclude(&self, seal: Seal) -> Result<Result<Sealed, SealError>, Stopped> {
        let (reply, answer) = oneshot::channel();
        self.send(Task::Conclude(seal, reply))?;
        answer.await.map_err(|_| Stopped)
    }

    /// Whether the last seal of a run failed, and why.
    #[must_use]
    pub fn behind(&self, run: RunId) -> Option<Behind> {
        self.behind.lock().unwrap_or_else(PoisonError::into_inner).get(&run).cloned()
    }

    /// Seals what was offered, ends the thread and gives the archive back.
    ///
    /// # Errors
    /// [`Stopped`] when the thread panicked.
    pub fn stop(mut self) -> Result<Archive, Stopped> {
        self.tasks = None;
        self.thread.take().ok_or(Stopped)?.join().map_err(|_| Stopped)
    }

    fn send(&self, task: Task) -> Result<(), Stopped> {
        self.tasks.as_ref().ok_or(Stopped)?.send(task).map_err(|_| Stopped)
    }
}

impl Drop for Archivist {
    fn drop(&mut self) {
        self.tasks = None;
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the thread that writes the audit trail panicked");
        }
    }
}

/// What the thread has before it.
struct Desk {
    archive: Archive,
    /// The latest offer of each run.
    offered: BTreeMap<RunId, Seal>,
    /// When offers may be sealed next.
    due: Instant,
    behind: Arc<Mutex<BTreeMap<RunId, Behind>>>,
}

impl Desk {
    fn work(&mut self, inbox: &Receiver<Task>) {
        loop {
            let task = if self.offered.is_empty() {
                inbox.recv().map_err(|_| RecvTimeoutError::Disconnected)
            } else {
                inbox.recv_timeout(self.due.saturating_duration_since(Instant::now()))
            };
            match task {
                Ok(Task::Offer(seal)) => {
                    self.offered.insert(seal.run, seal);
                    if Instant::now() >= self.due {
                        // Else a stream of offers without a pause would never be sealed.
                        self.seal_offers();
                    }
                }
                Ok(Task::Seal(seal, reply)) => {
                    // It was taken later than any offer of this run, so it holds all that they hold.
                    self.offered.remove(&seal.run);
                    let sealed = self.archive.seal(&seal);
                    self.answer(seal.run, sealed, reply);
                }
                Ok(Task::Conclude(seal, reply)) => {
                    self.offered.remove(&seal.run);
                    let sealed = self.archive.conclude(&seal);
                    self.answer(seal.run, sealed, reply);
                }
                Err(RecvTimeoutError::Timeout) => self.seal_offers(),
                Err(RecvTimeoutError::Disconnected) => return self.seal_offers(),
            }
        }
    }

    fn seal_offers(&mut self) {
        let began = Instant::now();
        for (run, seal) in std::mem::take(&mut self.offered) {
            let sealed = self.archive.seal(&seal);
            self.remember(run, &sealed);
        }
        self.due = Instant::now() + PAUSE.max(began.elapsed() * SHARE);
    }

    fn answer(&self, run: RunId, sealed: Result<Sealed, SealError>, reply: oneshot::Sender<Result<Sealed, SealError>>) {
        self.remember(run, &sealed);
        // Whoever asked may have stopped waiting; the seal stands all the same.
        let _unheard = reply.send(sealed);
    }

    fn remember(&self, run: RunId, sealed: &Result<Sealed, SealError>) {
        let mut behind = self.behind.lock().unwrap_or_else(PoisonError::into_inner);
        match sealed {
            Ok(_) => {
                self.archive.tell();
                behind.remove(&run);
            }
            Err(error) => {
                behind.insert(run, Behind { why: error.to_string() });
            }
        }
    }
}
