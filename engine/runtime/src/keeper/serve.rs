//! The keeper process itself: one loop over `poll`.

use std::fs::File;
use std::io;
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{getpid, set_child_subreaper, setsid};

use super::child::{Child, Wants};
use super::connection::Connection;
use super::desk::Desk;
use super::door::{self, KeeperFault};
use super::wire::Event;
use crate::file_limit;
use crate::secret::keep_memory;

/// How often the keeper wakes up while a command runs in silence: orphans that have ended are asked for their status, and
/// what a full disk did not take is tried again.
const ROUND: Duration = Duration::from_secs(2);

/// Who woke us.
#[derive(Clone, Copy)]
enum Caller {
    Door,
    Engine(usize),
    Child(usize, Wants),
}

/// Acts as the keeper of a run, until its engine has hung up and its commands have ended. Standard input must be the line
/// to the engine that started it; [`Keeper`](super::Keeper) sees to that. SIGPIPE must be ignored, as Rust programs have it: a
/// command need not read its input.
#[must_use]
pub fn serve(dir: &Path) -> ExitCode {
    keep_memory();
    file_limit::fails_writes();
    // It was started as `/proc/self/exe`, and would stand as `exe` in `ps` and among what a step left running.
    rustix::thread::set_name(c"runbook-keeper").unwrap_or(());
    let Some(engine) = first_line() else { return ExitCode::FAILURE };
    match open(dir) {
        Ok(Some((mut desk, lock))) => {
            desk.welcome(engine);
            work(&mut desk);
            door::remove_socket(dir).unwrap_or(()); // the next keeper removes it as well
            drop(lock);
            ExitCode::SUCCESS
        }
        Ok(None) => refuse(engine, &Event::Refused { busy: true, message: "another keeper lives".to_owned(), errno: None }),
        Err(fault) => {
            let errno = fault.unwritten().map(|unwritten| unwritten.source.raw_os_error());
            refuse(engine, &Event::Refused { busy: false, message: fault.to_string(), errno })
        }
    }
}

fn first_line() -> Option<Connection> {
    Connection::new(UnixStream::from(io::stdin().as_fd().try_clone_to_owned().ok()?)).ok()
}

fn refuse(mut engine: Connection, refused: &Event) -> ExitCode {
    engine.say(refused);
    ExitCode::FAILURE
}

/// Leaves the operator's session, takes the lock, opens the door. `None` when another keeper lives.
fn open(dir: &Path) -> Result<Option<(Desk, File)>, KeeperFault> {
    let place = |source| KeeperFault::Place { path: dir.to_owned(), source };
    let dir = dir.canonicalize().map_err(place)?;
    // Fails only for the leader of a group, which a keeper that was started by hand may be.
    setsid().map(drop).unwrap_or(());
    set_child_subreaper(Some(getpid())).map_err(|errno| place(errno.into()))?;
    let Some(mut lock) = door::lock(&dir)? else { return Ok(None) };
    door::sign(&mut lock).map_err(place)?;
    let listener = door::listen(&dir).map_err(place)?;
    std::env::set_current_dir("/").map_err(place)?; // nobody shall be kept from unmounting where the operator stood
    Ok(Some((Desk::new(dir, listener).map_err(place)?, lock)))
}

fn work(desk: &mut Desk) {
    loop {
        desk.reap();
        desk.conclude();
        desk.send();
        // An engine that knocks in this moment and is not heard finds the lock free a moment later, and reads the ledger.
        if desk.is_done() && !answer_door(desk) {
            return;
        }
        for caller in wait(desk) {
            match caller {
                Caller::Door => drop(answer_door(desk)),
                Caller::Engine(at) => desk.listen_to(at),
                Caller::Child(at, Wants::Output { stderr }) => desk.copy(at, stderr),
                Caller::Child(at, Wants::Input) => desk.children[at].feed(),
                Caller::Child(_, Wants::End) => {} // `reap` is next
            }
        }
    }
}

/// Greets whoever is at the door; false when nobody is.
fn answer_door(desk: &mut Desk) -> bool {
    let mut came = false;
    while let Ok((stream, _)) = desk.listener.accept() {
        if let Ok(connection) = Connection::new(stream) {
            desk.welcome(connection);
        }
        came = true;
    }
    came
}

/// Waits until something happens. Callers keep their places while they are served: nobody leaves before `conclude` and `send`.
fn wait(desk: &Desk) -> Vec<Caller> {
    let mut callers = vec![Caller::Door];
    let mut fds = vec![PollFd::new(&desk.listener, PollFlags::IN)];
    for (at, connection) in desk.connections.iter().enumerate() {
        let flags = if connection.is_behind() { PollFlags::IN | PollFlags::OUT } else { PollFlags::IN };
        callers.push(Caller::Engine(at));
        fds.push(PollFd::new(connection, flags));
    }
    for (at, child) in desk.children.iter().enumerate() {
        for (wants, fd) in child.wants() {
            callers.push(Caller::Child(at, wants));
            fds.push(PollFd::from_borrowed_fd(fd, if wants == Wants::Input { PollFlags::OUT } else { PollFlags::IN }));
        }
    }
    match poll(&mut fds, timeout(desk).as_ref()) {
        Ok(_) => {}
        Err(_) => return Vec::new(), // a signal: look again
    }
    let woke = fds.iter().map(|fd| !fd.revents().is_empty());
    callers.into_iter().zip(woke).filter_map(|(caller, woke)| woke.then_some(caller)).collect()
}

/// How long to wait at most; for ever while nothing runs.
fn timeout(desk: &Desk) -> Option<Timespec> {
    let now = Instant::now();
    let round = desk.needs_rounds().then(|| now + ROUND);
    let children = desk.children.iter().filter_map(Child::due);
    let first = children.chain(desk.connections.iter().filter_map(Connection::due)).chain(desk.due()).chain(round).min()?;
    Timespec::try_from(first.saturating_duration_since(now)).ok()
}
