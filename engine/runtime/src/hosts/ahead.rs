//! What a courier is told, and the session that it opens before it is told all of it.
//!
//! How its host is reached it is told first, and what is to be done there maybe later: it may have been started ahead, for a
//! command that is still to come. The far half waits for its first line then, and nothing that waits there is of any run.

use std::io;
use std::os::fd::OwnedFd;
use std::pin::pin;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::net::unix::pipe::Receiver;
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

/// What is written to a courier: the first line, which is the same for every command on a host, and the rest.
///
/// # Errors
/// Something in it has no JSON.
pub fn written(task: &Task) -> serde_json::Result<(String, String)> {
    Ok((serde_json::to_string(&task.link)? + "\n", serde_json::to_string(task)?))
}

/// Reads what a courier is told on its standard input, a pipe; `None` when it is not needed.
///
/// # Errors
/// It says something else.
pub(super) async fn read(stdin: OwnedFd) -> io::Result<Option<(Task, Option<Ahead>)>> {
    let mut stdin = BufReader::new(Receiver::from_owned_fd(stdin)?);
    let mut first = String::new();
    stdin.read_line(&mut first).await?;
    let link: Link = serde_json::from_str(&first)?;
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
    let task: Task = serde_json::from_slice(&rest)?;
    let ahead = ahead.filter(|_| task.link == link);
    Ok(Some((task, ahead)))
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
        let (first, _) = written(&task(socket.clone())).expect("JSON");
        line.write_all(first.as_bytes()).expect("room");
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
        let both = async { tokio::join!(read(stdin.into()), near) };
        let (told, (_held, is_asked)) = tokio::time::timeout(Duration::from_secs(20), both).await.expect("it ends");
        (told, is_asked)
    }

    fn whole(task: Task) -> String {
        written(&task).expect("JSON").1
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

    #[tokio::test]
    async fn a_session_is_not_used_for_another_host() {
        let other = |mut task: Task| {
            task.link.host = "other".to_owned();
            whole(task)
        };
        let (told, _) = told(other, false).await;
        assert!(told.expect("told").expect("needed").1.is_none());
    }

    #[tokio::test]
    async fn without_a_task_nothing_is_done_and_half_a_one_is_none() {
        assert!(told(|_| String::new(), false).await.0.expect("told").is_none());
        let half = |task| whole(task).split_at(20).0.to_owned();
        assert!(told(half, false).await.0.is_err());
    }
}
