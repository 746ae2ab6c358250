//! Finds out what became of a command whose end the engine did not live to see.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use runbook_model::answer::Process;
use runbook_model::length::Length;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep};

use super::client::{Keeper, PATIENCE, TICK};
use super::door::{self, KeeperFault};
use super::job::{OutputFiles, RunEnd, Typed, marker};
use super::ledger::{Begun, Trace};
use super::line::{Attended, Greeting, Keyboard, Line};
use super::process::{self, Alive};
use super::wire::{self, Event, Request};
use crate::boot::boot_id;

/// What became of a command.
#[derive(Debug)]
pub enum Found {
    /// It runs, under its keeper.
    Running(Running),
    /// It has ended, and its end was kept.
    Ended(RunEnd),
    /// It is certain that it was never begun.
    NeverBegun {
        /// How that is known.
        evidence: String,
    },
    /// It runs, but its keeper is dead: how it ends will not be known.
    Orphan(Orphan),
    /// It was begun, and does not run any more; or the machine was restarted since.
    InDoubt {
        /// What is known, in one sentence.
        known: String,
    },
}

/// A command that runs under its keeper, found again.
#[derive(Debug)]
pub struct Running {
    line: Line,
    dir: PathBuf,
    key: u64,
    /// How many bytes of each file were printed before we listened.
    before: [u64; 2],
}

/// A command that outlived its keeper.
#[derive(Debug)]
pub struct Orphan {
    /// Its process.
    pub process: Process,
    /// What is known, in one sentence.
    pub known: String,
    pidfd: Option<OwnedFd>,
    dir: PathBuf,
    key: u64,
}

impl Keeper {
    /// Finds out what became of the command `key` of the keeper directory `dir`, which an engine asked for during the boot
    /// `boot` ([`boot_id`]). Repeats and changes nothing. That engine must be dead: whatever it asked for with its last
    /// breath is heard first, and its lines are closed.
    ///
    /// # Errors
    /// A keeper lives and cannot be asked, or the directory cannot be read: then nothing is known yet.
    pub async fn recover(dir: &Path, key: u64, boot: &str) -> Result<Found, KeeperFault> {
        let place = |source| KeeperFault::Place { path: dir.to_owned(), source };
        if !dir.try_exists().map_err(place)? {
            return Ok(if boot_id().map_err(place)? == boot {
                Found::NeverBegun { evidence: "no keeper was ever started for this run".to_owned() }
            } else {
                Found::InDoubt {
                    known: "the machine was restarted since it was about to start; its keeper left nothing".to_owned(),
                }
            });
        }
        let dir = dir.canonicalize().map_err(place)?;
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            if let Some(stream) = door::connect(&dir).await? {
                if let Greeting::Ready(line) = Line::greeted(stream, &dir).await?
                    && let Some(found) = ask(line, &dir, key, boot).await?
                {
                    return Ok(found);
                }
            } else if let Some(_nobody_lives) = door::lock(&dir)? {
                return read(&dir, key, boot);
            }
            sleep(TICK).await; // a keeper begins or ends in this moment
        }
        Err(KeeperFault::Silent { path: dir })
    }
}

/// The same for an engine whose keeper has just died under its hands.
pub(super) async fn settle_dead(dir: &Path, key: u64) -> Result<Found, KeeperFault> {
    let boot = boot_id().map_err(|source| KeeperFault::Place { path: dir.to_owned(), source })?;
    Keeper::recover(dir, key, &boot).await
}

/// Asks a living keeper; `None` when it ended meanwhile.
async fn ask(mut line: Line, dir: &Path, key: u64, boot: &str) -> Result<Option<Found>, KeeperFault> {
    let stranger = |fault: wire::WireFault| KeeperFault::Stranger { path: dir.to_owned(), message: fault.to_string() };
    if line.say(&wire::frame(&Request::Watch { key }).map_err(stranger)?).await.is_err() {
        return Ok(None);
    }
    match line.hear().await {
        Ok(Event::Watching { stdout, stderr }) => {
            Ok(Some(Found::Running(Running { line, dir: dir.to_owned(), key, before: [stdout, stderr] })))
        }
        Ok(Event::Ended(end)) => Ok(Some(Found::Ended(end.into()))),
        // The line stays open while the ledger is read, so that this keeper does not end and nothing new begins.
        Ok(Event::NotRunning) => read(dir, key, boot).map(Some),
        _ => Ok(None),
    }
}

/// Judges by what is written. No keeper has the command in hand.
fn read(dir: &Path, key: u64, boot: &str) -> Result<Found, KeeperFault> {
    let place = |source| KeeperFault::Place { path: dir.to_owned(), source };
    let trace = Trace::read(dir, key).map_err(place)?;
    let same_boot = boot_id().map_err(place)? == boot;
    if let Some(end) = trace.end {
        return Ok(Found::Ended(end.into()));
    }
    let Some((_, at)) = trace.starting else {
        return Ok(if same_boot {
            Found::NeverBegun {
                evidence: "the keeper writes down every command before it starts it, and has not this one".to_owned(),
            }
        } else {
            Found::InDoubt {
                known: "the machine was restarted since it was about to start; whether it did is not known".to_owned(),
            }
        });
    };
    let living = if same_boot { living(dir, key, trace.begun.as_ref()) } else { None };
    let pidfd = living.as_ref().and_then(open);
    // Opened first and looked at then: so the descriptor is of this process and not of a later one with its number.
    let living = living.filter(Alive::still_lives);
    let known = known(dir, key, at, trace.begun.as_ref(), living.as_ref(), same_boot);
    Ok(match living {
        Some(process) => Found::Orphan(Orphan { process: process.process(), known, pidfd, dir: dir.to_owned(), key }),
        None => Found::InDoubt { known },
    })
}

/// The command's process; or, where the keeper died before it could write the number down, one that carries its marker. One
/// that was started ahead carries another, and is not found then: only couriers are, and of those the host knows more.
fn living(dir: &Path, key: u64, begun: Option<&Begun>) -> Option<Alive> {
    match begun {
        Some(begun) => Alive::read(begun.pid).filter(|process| process.start == begun.start && process.lives()),
        None => marked(dir, key).into_iter().min_by_key(|process| (process.start, process.pid)),
    }
}

fn marked(dir: &Path, key: u64) -> Vec<Alive> {
    let wanted = marker(dir, key);
    process::all().into_iter().filter(|process| process.lives() && process.marker().as_deref() == Some(&wanted)).collect()
}

fn open(process: &Alive) -> Option<OwnedFd> {
    let pid = Pid::from_raw(i32::try_from(process.pid).ok()?)?;
    pidfd_open(pid, PidfdFlags::empty()).ok()
}

fn known(dir: &Path, key: u64, at: Timestamp, begun: Option<&Begun>, living: Option<&Alive>, same_boot: bool) -> String {
    let mut known = match begun {
        Some(begun) => format!("it started at {at:.0} as process {} (`{}`)", begun.pid, begun.name),
        None => format!("it was about to start at {at:.0}"),
    };
    known.push_str(&match living {
        Some(process) => format!("; process {} (`{}`) still lives, but its keeper is dead", process.pid, process.name),
        None if !same_boot => "; the machine was restarted since".to_owned(),
        None => {
            let left = marked(dir, key);
            let names: Vec<_> = left.iter().map(|process| format!("`{}` ({})", process.name, process.pid)).collect();
            let left = match names.as_slice() {
                [] => String::new(),
                [one] => format!(", but {one} that it started still lives"),
                several => format!(", but {} that it started still live", several.join(", ")),
            };
            format!("; its keeper is dead, and it does not run any more{left}")
        }
    });
    match last_line(&OutputFiles::of(dir, key)) {
        Some(line) => format!("{known}; the last that it printed was `{line}`"),
        None => format!("{known}; it printed nothing"),
    }
}

/// The last line that is not empty, of the stream that was written last; at most 200 characters, nothing that moves a cursor.
fn last_line(files: &OutputFiles) -> Option<String> {
    let written = |path: &&Path| path.metadata().and_then(|metadata| metadata.modified()).ok();
    let path = files.both().into_iter().filter(|path| path.exists()).max_by_key(written)?;
    let mut file = File::open(path).ok()?;
    let size = file.metadata().ok()?.len();
    file.seek(SeekFrom::Start(size.saturating_sub(4096))).ok()?;
    let mut end = Vec::new();
    file.read_to_end(&mut end).ok()?;
    let text = String::from_utf8_lossy(&end);
    let line = text.lines().rev().map(str::trim).find(|line| !line.is_empty())?;
    Some(line.chars().take(200).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect())
}

impl Running {
    /// Follows the command to its end, as [`Keeper::run`] does; `progress` first hears what it has printed so far. `timeout`
    /// counts from now; `typed` is what the person at its terminal does, if it has one.
    pub async fn wait(
        self,
        timeout: Option<Length>,
        stop: watch::Receiver<bool>,
        typed: Option<mpsc::UnboundedReceiver<Typed>>,
        progress: impl FnMut(bool, &[u8]),
    ) -> RunEnd {
        self.attended(timeout, stop, &mut typed.into(), progress).await
    }

    pub(super) async fn attended(
        mut self,
        timeout: Option<Length>,
        stop: watch::Receiver<bool>,
        keyboard: &mut Keyboard,
        mut progress: impl FnMut(bool, &[u8]),
    ) -> RunEnd {
        for (at, path) in OutputFiles::of(&self.dir, self.key).both().into_iter().enumerate() {
            // What cannot be read any more is missing on the screen only; the end has its own excerpt.
            replay(path, self.before[at], &mut |bytes| progress(at == 1, bytes)).unwrap_or(());
        }
        match self.line.attend(timeout, stop, keyboard, progress).await {
            Ok(Attended::Ended(end)) => end.into(),
            Ok(_) => RunEnd::KeeperLost { known: "the keeper answered what it was not asked".to_owned() },
            Err(_) => match read_when_dead(&self.dir, self.key).await {
                Ok(end) => end,
                Err(fault) => RunEnd::KeeperLost { known: fault.to_string() },
            },
        }
    }
}

/// What the ledger says after the keeper of a running command hung up.
async fn read_when_dead(dir: &Path, key: u64) -> Result<RunEnd, KeeperFault> {
    let deadline = Instant::now() + PATIENCE;
    while Instant::now() < deadline {
        if let Some(_nobody_lives) = door::lock(dir)? {
            let boot = boot_id().map_err(|source| KeeperFault::Place { path: dir.to_owned(), source })?;
            return Ok(match read(dir, key, &boot)? {
                Found::Ended(end) => end,
                Found::Orphan(Orphan { known, .. }) | Found::InDoubt { known } => RunEnd::KeeperLost { known },
                Found::NeverBegun { evidence } => RunEnd::NotStarted { message: evidence },
                Found::Running(_) => RunEnd::KeeperLost { known: "its keeper hung up".to_owned() },
            });
        }
        sleep(TICK).await;
    }
    Err(KeeperFault::Silent { path: dir.to_owned() })
}

fn replay(path: &Path, size: u64, hear: &mut impl FnMut(&[u8])) -> io::Result<()> {
    if size == 0 {
        return Ok(());
    }
    let mut file = File::open(path)?.take(size);
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(()),
            count => hear(&buffer[..count]),
        }
    }
}

/// A descriptor of a process is readable when the process has ended.
fn is_running(pidfd: &OwnedFd) -> bool {
    poll(&mut [PollFd::new(pidfd, PollFlags::IN)], Some(&Timespec::default())) == Ok(0)
}

impl Orphan {
    /// Waits until the process has ended; says what is known then.
    pub async fn ended(self) -> String {
        // Looked at now and then, because waiting for a descriptor that is not a socket or pipe takes unsafe code in tokio.
        while self.pidfd.as_ref().is_some_and(is_running) {
            sleep(10 * TICK).await;
        }
        let last = last_line(&OutputFiles::of(&self.dir, self.key));
        let printed =
            last.map_or_else(|| "it printed nothing".to_owned(), |line| format!("the last that it printed was `{line}`"));
        let Process { pid, name } = self.process;
        format!("its keeper died while it ran; process {pid} (`{name}`) has ended since, with an unknown exit code; {printed}")
    }
}
