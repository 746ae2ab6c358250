//! The engine's side: has commands run by the keeper.

use std::ffi::OsString;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex as PlainMutex, PoisonError};
use std::time::Duration;

use runbook_model::length::Length;
use tokio::net::UnixStream;
use tokio::sync::{Mutex, mpsc, watch};
use tokio::time::{Instant, sleep};

use super::door::{self, KeeperFault};
use super::job::{Job, RunEnd, Typed};
use super::line::{Attended, Greeting, Keyboard, Line};
use super::recover::{Found, settle_dead};
use super::unwritten::Unwritten;
use super::wire::{self, Request};

/// How long a keeper may take to come or go.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// The first descriptor behind standard input, output and error.
const FIRST_OWN: i32 = 3;

/// How often somebody who comes or goes is looked at.
pub(super) const TICK: Duration = Duration::from_millis(5);

/// The engine's view of the keeper of one run. The process is started with the first command, and again should it die.
#[derive(Debug)]
pub struct Keeper {
    program: PathBuf,
    arguments: Vec<OsString>,
    dir: PathBuf,
    /// Lines without a command. One stays open between two commands: a keeper without a line ends.
    idle: PlainMutex<Vec<Line>>,
    /// One at a time comes to the door: two would start two keepers, of which one would be refused.
    opening: Mutex<()>,
}

impl std::fmt::Debug for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Line")
    }
}

impl Keeper {
    /// Prepares the directory `dir` of a keeper. `program`, called with `arguments` and then `dir`, must call
    /// [`serve`](super::serve()); it is started when the first command is.
    ///
    /// # Errors
    /// The directory cannot be made.
    pub fn start(program: &Path, arguments: &[&str], dir: &Path) -> Result<Self, KeeperFault> {
        door::make_place(dir)?;
        let dir = dir.canonicalize().map_err(|source| KeeperFault::Place { path: dir.to_owned(), source })?;
        let arguments = arguments.iter().map(OsString::from).collect();
        Ok(Self { program: program.to_owned(), arguments, dir, idle: PlainMutex::default(), opening: Mutex::default() })
    }

    /// Starts the keeper, if it does not run, so that the first command does not have to wait for that. When it cannot be
    /// started, the first command says so.
    pub async fn make_ready(&self) {
        if let Ok(line) = self.line().await {
            self.rest(line);
        }
    }

    /// Runs a command to its end. Several may run at the same time.
    ///
    /// `key` names it for ever in this directory: the number of the record that holds its intent. After `timeout`, or when
    /// `stop` becomes true, it is stopped. `progress` hears what it prints, `(is standard error, bytes)`, cut anywhere; when
    /// the command is faster than the listener, the oldest bytes are passed over and a line in brackets says how many.
    ///
    /// Dropping the future leaves the command running: [`Keeper::recover`] finds it.
    pub async fn run(
        &self,
        key: u64,
        job: Job,
        timeout: Option<Length>,
        stop: watch::Receiver<bool>,
        progress: impl FnMut(bool, &[u8]),
    ) -> RunEnd {
        self.run_with(key, job, timeout, stop, None, progress).await
    }

    /// The same for a command at whose terminal somebody sits: `typed` is what they do there.
    pub async fn run_with(
        &self,
        key: u64,
        job: Job,
        timeout: Option<Length>,
        stop: watch::Receiver<bool>,
        typed: Option<mpsc::UnboundedReceiver<Typed>>,
        mut progress: impl FnMut(bool, &[u8]),
    ) -> RunEnd {
        let mut keyboard = Keyboard::from(typed);
        if *stop.borrow() {
            return RunEnd::NotStarted { message: "the operator stopped the run before it began".to_owned() };
        }
        let only_looks = job.only_looks;
        let request = match wire::frame(&Request::Run { key, job }) {
            Ok(request) => request,
            Err(fault) => return RunEnd::NotStarted { message: fault.to_string() },
        };
        // A keeper that dies between two commands is found out only by asking it. When it is certain that it did not begin,
        // another one is asked, once.
        for last in [false, true] {
            let mut line = match self.line().await {
                Ok(line) => line,
                Err(fault) => return fault.into(),
            };
            let asked = line.say(&request).await;
            let attended = match asked {
                Ok(()) => line.attend(timeout, stop.clone(), &mut keyboard, &mut progress).await,
                Err(dead) => Err(dead),
            };
            let dead = match attended {
                Ok(Attended::BegunBefore) => {
                    return RunEnd::KeeperLost { known: format!("the keeper has begun a command with the number {key} before") };
                }
                Ok(Attended::Ended(end)) => {
                    self.rest(line);
                    return end.into();
                }
                Ok(Attended::Unwritten(errno)) => {
                    self.rest(line);
                    return RunEnd::Unwritten(Unwritten::new(&self.dir, errno));
                }
                Err(dead) => dead,
            };
            if only_looks {
                if last {
                    return RunEnd::NotStarted { message: format!("{dead}; what it ran only looked at the world") };
                }
                continue;
            }
            match settle_dead(&self.dir, key).await {
                Ok(Found::Ended(end)) => return end,
                Ok(Found::NeverBegun { .. }) if !last => {}
                Ok(Found::NeverBegun { evidence }) => {
                    return RunEnd::NotStarted { message: format!("{dead}, twice; {evidence}") };
                }
                Ok(Found::Orphan(orphan)) => return RunEnd::KeeperLost { known: orphan.known },
                Ok(Found::InDoubt { known }) => return RunEnd::KeeperLost { known },
                // Only the line is dead.
                Ok(Found::Running(running)) => return running.attended(timeout, stop, &mut keyboard, progress).await,
                Err(fault) => return RunEnd::KeeperLost { known: fault.to_string() },
            }
        }
        RunEnd::NotStarted { message: "no keeper could be reached".to_owned() }
    }

    /// A line that no command uses.
    async fn line(&self) -> Result<Line, KeeperFault> {
        if let Some(line) = self.idle() {
            return Ok(line);
        }
        let _one_at_a_time = self.opening.lock().await;
        // Somebody who came before us may have opened one and not needed it.
        if let Some(line) = self.idle() {
            return Ok(line);
        }
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            let (stream, mut spawned) = match door::connect(&self.dir).await? {
                Some(stream) => (stream, None),
                None => self.spawn().map(|(stream, child)| (stream, Some(child)))?,
            };
            match Line::greeted(stream, &self.dir).await? {
                Greeting::Ready(line) => return Ok(line),
                Greeting::Busy => {}
                // One that ends by itself without a word is no keeper, and another would be none either.
                Greeting::Gone => match spawned.as_mut().map(Child::try_wait) {
                    Some(Ok(Some(status))) if status.code().is_some() => {
                        return Err(KeeperFault::Died { status: Some(status) });
                    }
                    _ => {}
                },
            }
            sleep(TICK).await; // the keeper before is at its end: it lets go of the lock in a moment
        }
        Err(KeeperFault::Died { status: None })
    }

    /// Keeps a line for the next command.
    fn rest(&self, line: Line) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(line);
    }

    /// A line without a command, if one is open.
    fn idle(&self) -> Option<Line> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        std::iter::from_fn(|| idle.pop()).find_map(|mut line| line.is_open().then_some(line))
    }

    /// Starts a keeper whose standard input is our line to it.
    ///
    /// It inherits nothing else, neither from us nor from whoever started us: a keeper that held descriptor 9 of
    /// `flock 9; runbook exec …` would hold that lock. It leaves our session by itself; a signal of the terminal that comes
    /// before that ends it before it has begun anything.
    fn spawn(&self) -> Result<(UnixStream, Child), KeeperFault> {
        close_fds::set_fds_cloexec(FIRST_OWN, &[]);
        let failed = |source| KeeperFault::Start { program: self.program.clone(), source };
        let (ours, theirs) = std::os::unix::net::UnixStream::pair().map_err(failed)?;
        let child = Command::new(&self.program)
            .arg0("runbook-keeper")
            .args(&self.arguments)
            .arg(&self.dir)
            .env_clear()
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(failed)?;
        tracing::debug!(pid = child.id(), "a keeper was started");
        ours.set_nonblocking(true).map_err(failed)?;
        Ok((UnixStream::from_std(ours).map_err(failed)?, child))
    }
}
