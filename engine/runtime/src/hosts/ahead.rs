//! What a courier is told, and the session that it opens before it is told all of it.
//!
//! How its host is reached it is told first, and what is to be done there maybe later: it may have been started ahead, for a
//! command that is still to come. The far half waits for its first line then, and nothing that waits there is of any run.

use std::io;
use std::os::fd::OwnedFd;
use std::pin::pin;

use serde::Deserialize;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::net::unix::pipe::Receiver;
use tokio::signal::unix::Signal;
use zeroize::Zeroizing;

use super::session::{News, Session};
use super::streams::Streams;
use super::{Link, Task, far};

/// A session on which nothing was said yet.
pub(super) struct Ahead {
    pub(super) session: Session,
    pub(super) streams: Streams,
    /// The host has opened it.
    pub(super) is_open: bool,
}

impl Ahead {
    /// Asks for one; `None` where `ssh` itself has to be asked.
    pub(super) async fn open(link: &Link) -> Option<Self> {
        let (session, streams) = Session::open(link.shared.as_ref()?, far::command()).await.ok()?;
        Some(Self { session, streams, is_open: false })
    }

    /// Waits until it is of no use any more.
    async fn lost(&mut self) {
        while self.session.news().await == News::Opened {
            self.is_open = true;
        }
    }
}

/// What is written to a courier, and how much of it is the same for every command on the host: its first line. All of it is one
/// document, which a courier from before there were two parts understands as well: the keeper that starts it may be
/// of another version than the engine.
///
/// # Errors
/// Something in it has no JSON.
pub fn written(task: &Task) -> serde_json::Result<(String, usize)> {
    let mut text = serde_json::to_string(task)?;
    let beginning = format!("{{\"link\":{},", serde_json::to_string(&task.link)?);
    if !text.starts_with(&beginning) {
        return Ok((text, 0));
    }
    text.insert(beginning.len(), '\n');
    Ok((text, beginning.len() + 1))
}

/// The first line of what is written.
#[derive(Deserialize)]
struct Beginning {
    link: Link,
}

impl Beginning {
    /// `None` for all of it in one line, as engines from before there were two parts write it.
    fn of(line: &str) -> Option<Self> {
        serde_json::from_str(&format!("{}}}", line.strip_suffix(",\n")?)).ok()
    }
}

/// Reads what a courier is told on its standard input, a pipe; `None` when it is not needed.
///
/// # Errors
/// It says something else; or the courier was stopped before it was told all: then it has done nothing.
pub(super) async fn read(stdin: OwnedFd, stop: &mut Signal) -> io::Result<Option<(Task, Option<Ahead>)>> {
    let reading = told(stdin);
    tokio::select! {
        biased;
        _ = stop.recv() => Err(io::ErrorKind::Interrupted.into()),
        told = reading => told,
    }
}

async fn told(stdin: OwnedFd) -> io::Result<Option<(Task, Option<Ahead>)>> {
    let mut stdin = BufReader::new(Receiver::from_owned_fd(stdin)?);
    let mut first = String::new();
    stdin.read_line(&mut first).await?;
    let first = Zeroizing::new(first);
    let Some(Beginning { link }) = Beginning::of(&first) else {
        // Cut off before the end of its first line, it was not needed.
        let is_needed = first.ends_with('}');
        return if is_needed { Ok(Some((serde_json::from_str(&first)?, None))) } else { Ok(None) };
    };
    let mut rest = Zeroizing::new(Vec::new());
    let mut reading = pin!(stdin.read_to_end(&mut rest));
    let mut opening = pin!(Ahead::open(&link));
    let mut is_read = false;
    let mut ahead = loop {
        tokio::select! {
            opened = &mut opening => break opened,
            read = &mut reading, if !is_read => {
                read?;
                is_read = true;
            }
        }
    };
    while !is_read {
        tokio::select! {
            // What was lost by now is not used: what is said on it would be as good as lost, and the command not be begun.
            biased;
            () = lost(&mut ahead) => ahead = None,
            read = &mut reading => {
                read?;
                is_read = true;
            }
        }
    }
    if rest.is_empty() {
        return Ok(None);
    }
    let text = Zeroizing::new([first.as_bytes(), &rest].concat());
    Ok(Some((serde_json::from_slice(&text)?, ahead)))
}

async fn lost(ahead: &mut Option<Ahead>) {
    match ahead {
        Some(ahead) => ahead.lost().await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Write as _, pipe};
    use std::path::PathBuf;
    use std::time::Duration;

    use runbook_model::length::Length;
    use tokio::io::AsyncWriteExt as _;
    use tokio::net::UnixListener;
    use tokio::signal::unix::{SignalKind, signal};

    use super::*;
    use crate::hosts::Work;
    use crate::hosts::link::Shared;
    use crate::hosts::session::{greeting, opened};

    fn task(socket: PathBuf) -> Task {
        let shared = Some(Shared { socket, agent: false, send_env: Vec::new() });
        let link = Link { ssh: "/nonexistent/ssh".to_owned(), options: Vec::new(), host: "far".to_owned(), shared };
        let (run, key) = ("01J0000000000000000000000A".to_owned(), "k".to_owned());
        let (grace, reconnect) = (Length::from_secs(1), Length::from_secs(1));
        Task { link, run, key, work: Work::Ask, forget: Vec::new(), grace, reconnect, verdict: PathBuf::from("verdict") }
    }

    /// What a courier makes of its first line and of what comes behind it, and whether a session was asked for before
    /// that came. Whoever holds the connection hangs up before, or stays.
    async fn told(rest: impl FnOnce(Task) -> String, hangs_up: bool) -> (io::Result<Option<(Task, Option<Ahead>)>>, bool) {
        let dir = tempfile::tempdir().expect("a directory");
        let socket = dir.path().join("socket");
        let listener = UnixListener::bind(&socket).expect("a socket");
        let (stdin, mut line) = pipe().expect("a pipe");
        let (all, first) = written(&task(socket.clone())).expect("JSON");
        line.write_all(&all.as_bytes()[..first]).expect("room");
        let near = async {
            let (mut stream, _) = listener.accept().await.expect("somebody");
            stream.write_all(&[greeting(), opened()].concat()).await.expect("it listens");
            // Ours, and behind it the request.
            let mut asked = vec![0; greeting().len() + 8];
            let is_asked = stream.read_exact(&mut asked).await.is_ok();
            let held = (!hangs_up).then_some(stream);
            line.write_all(rest(task(socket.clone())).as_bytes()).expect("room");
            drop(line);
            (held, is_asked)
        };
        let both = async { tokio::join!(super::told(stdin.into()), near) };
        let (told, (_held, is_asked)) = tokio::time::timeout(Duration::from_secs(20), both).await.expect("it ends");
        (told, is_asked)
    }

    fn whole(task: Task) -> String {
        let (mut all, first) = written(&task).expect("JSON");
        all.split_off(first)
    }

    #[tokio::test]
    async fn a_session_is_opened_before_anybody_knows_what_for() {
        let (told, is_asked) = told(whole, false).await;
        let (task, ahead) = told.expect("told").expect("needed");
        assert_eq!((task.key.as_str(), is_asked, ahead.is_some()), ("k", true, true));
    }

    #[tokio::test]
    async fn a_session_that_was_lost_meanwhile_is_not_used() {
        let (told, is_asked) = told(whole, true).await;
        let (_, ahead) = told.expect("told").expect("needed");
        assert!(is_asked && ahead.is_none());
    }

    /// A pipe that holds this text and no more.
    fn holding(text: &str) -> OwnedFd {
        let (stdin, mut line) = pipe().expect("a pipe");
        line.write_all(text.as_bytes()).expect("room");
        stdin.into()
    }

    #[tokio::test]
    async fn engines_and_couriers_of_two_versions_understand_each_other() {
        let task = task(PathBuf::from("/nonexistent/socket"));
        let (all, first) = written(&task).expect("JSON");
        assert_eq!(all.lines().count(), 2);
        assert!(all[..first].ends_with(",\n"));
        let before: Task = serde_json::from_str(&all).expect("one document");
        assert_eq!(before.link, task.link);
        let in_one_line = serde_json::to_string(&task).expect("JSON");
        let (told, ahead) = super::told(holding(&in_one_line)).await.expect("told").expect("needed");
        assert!(told.key == task.key && ahead.is_none());
    }

    #[tokio::test]
    async fn whoever_is_not_needed_is_told_no_more() {
        let (all, first) = written(&task(PathBuf::from("/nonexistent/socket"))).expect("JSON");
        for end in [0, 10, first - 1, first] {
            assert!(super::told(holding(&all[..end])).await.expect("told").is_none(), "{end}");
        }
    }

    /// It comes behind the first line, and before the task: nothing may be begun any more.
    #[tokio::test]
    async fn a_stop_before_the_task_is_whole_ends_it() {
        let (all, first) = written(&task(PathBuf::from("/nonexistent/socket"))).expect("JSON");
        // A signal of its own, so that no other test is in its way.
        let mut stop = signal(SignalKind::user_defined2()).expect("a signal");
        let (stdin, mut line) = pipe().expect("a pipe");
        line.write_all(&all.as_bytes()[..first + 10]).expect("room");
        let raised = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::USR2);
        raised.expect("ours");
        let read = tokio::time::timeout(Duration::from_secs(20), read(stdin.into(), &mut stop)).await.expect("it ends");
        assert!(read.is_err());
    }

    #[tokio::test]
    async fn without_a_task_nothing_is_done_and_half_a_one_is_none() {
        assert!(told(|_| String::new(), false).await.0.expect("told").is_none());
        let half = |task| whole(task).split_at(20).0.to_owned();
        assert!(told(half, false).await.0.is_err());
    }
}
