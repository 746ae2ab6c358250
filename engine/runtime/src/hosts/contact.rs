//! One session of `ssh` with the far half.

use std::collections::VecDeque;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::unix::pipe::{Receiver, Sender};
use tokio::process::{Child, Command};
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::ahead::Ahead;
use super::marks::{Marks, Piece};
use super::session::{News, Session};
use super::streams::Streams;
use super::{Link, far};

const BUFFER: usize = 128 * 1024;

/// How much of the words of `ssh`, and of the noise of a login shell, is kept.
const WORDS: usize = 16 * 1024;

/// Something that came from the host.
#[derive(Debug)]
pub(super) enum Heard {
    /// The command printed something.
    Data { stderr: bool, bytes: Vec<u8> },
    /// The far half says something.
    Said { stderr: bool, word: String, rest: String },
    /// The session is over.
    Over { words: String },
}

/// What a session is held by.
enum Way {
    /// An `ssh` of its own.
    Program(Child),
    /// The `ssh` that holds the shared connection; whether the host has opened the session.
    Shared(Session, bool),
}

/// A session. Dropping it ends it.
pub(super) struct Contact {
    way: Way,
    out: Option<Receiver>,
    err: Option<Receiver>,
    buffers: [Vec<u8>; 2],
    marks: [Marks; 2],
    heard: VecDeque<Heard>,
    noise: Vec<u8>,
    log: PathBuf,
    /// Dropped, the far half reads the end of its input.
    line: Option<oneshot::Sender<()>>,
    /// To say it once more, when the one that was asked for a session gives none.
    link: Link,
    said: Vec<u8>,
}

impl Contact {
    /// Opens a session, if none was opened `ahead`, and says `request` (`VERB NONCE RUN KEY …` without the nonce), then `body`.
    /// `direct` makes a connection of its own. `log` is a file for the words of `ssh`.
    ///
    /// # Errors
    /// `ssh` could not be started.
    pub(super) async fn open(
        link: &Link,
        direct: bool,
        ahead: Option<Ahead>,
        request: &Request<'_>,
        log: &Path,
    ) -> io::Result<Self> {
        let nonce = nonce()?;
        let said = request.bytes(&nonce);
        let shared = match ahead {
            _ if direct => None,
            None => Ahead::open(link).await,
            ahead => ahead,
        };
        let (way, streams) = match shared {
            Some(Ahead { session, streams, is_open }) => (Way::Shared(session, is_open), streams),
            None => start(link, direct, log)?,
        };
        let (line, hung_up) = oneshot::channel();
        tokio::spawn(say(streams.stdin, said.clone(), hung_up));
        Ok(Self {
            out: Some(streams.out),
            err: Some(streams.err),
            way,
            buffers: [vec![0; BUFFER], vec![0; BUFFER]],
            marks: [Marks::new(&nonce), Marks::new(&nonce)],
            heard: VecDeque::new(),
            noise: Vec::new(),
            log: log.to_owned(),
            line: Some(line),
            link: link.clone(),
            said,
        })
    }

    /// Goes the other way: the host opens no more sessions on that connection, or whoever holds it wants none.
    fn start_over(&mut self) -> io::Result<()> {
        let (way, streams) = start(&self.link, false, &self.log)?;
        let (line, hung_up) = oneshot::channel();
        tokio::spawn(say(streams.stdin, self.said.clone(), hung_up));
        (self.way, self.out, self.err, self.line) = (way, Some(streams.out), Some(streams.err), Some(line));
        Ok(())
    }

    /// What comes next. Nothing is lost when the future is dropped. After [`Heard::Over`] nothing comes.
    pub(super) async fn next(&mut self) -> Heard {
        loop {
            if let Some(heard) = self.heard.pop_front() {
                return heard;
            }
            let Self { way, out, err, buffers: [first, second], .. } = self;
            let is_read = out.is_none();
            let (at, count) = tokio::select! {
                count = read(out, first), if out.is_some() => (0, count),
                count = read(err, second), if err.is_some() => (1, count),
                // Whoever `ssh` has started may hold its standard error for longer.
                refused = over(way, is_read) => (if refused { 3 } else { 2 }, 0),
            };
            if at == 3 {
                if let Err(error) = self.start_over() {
                    self.noise = error.to_string().into_bytes();
                    (self.out, self.err) = (None, None);
                    return Heard::Over { words: self.words() };
                }
            } else if at == 2 {
                while let Ok(count @ 1..) = timeout(Duration::from_millis(50), read(&mut self.err, &mut self.buffers[1])).await {
                    self.take(1, count);
                }
                self.err = None;
                if self.heard.is_empty() {
                    return Heard::Over { words: self.words() };
                }
            } else if count == 0 {
                if at == 0 {
                    self.out = None;
                } else {
                    self.err = None;
                }
                let (heard, noise) = (&mut self.heard, &mut self.noise);
                self.marks[at].end(&mut |piece| sort(piece, at == 1, heard, noise));
            } else {
                self.take(at, count);
            }
        }
    }

    /// Nothing more is wanted: hangs up. The far half has things to put away, for which nobody needs to wait, so `ssh` is
    /// ended; what is behind it goes on.
    pub(super) async fn finish(mut self) {
        drop(self.line.take());
        if let Way::Program(child) = &mut self.way {
            child.kill().await.unwrap_or(()); // it has ended meanwhile
            fs::remove_file(&self.log).unwrap_or(());
        }
    }

    fn take(&mut self, at: usize, count: usize) {
        let (heard, noise) = (&mut self.heard, &mut self.noise);
        self.marks[at].push(&self.buffers[at][..count], &mut |piece| sort(piece, at == 1, heard, noise));
    }

    /// What `ssh` said, and whatever else came that is not the far half's.
    fn words(&self) -> String {
        let log = fs::read(&self.log).unwrap_or_default();
        let start = log.len().saturating_sub(WORDS);
        let mut words = String::from_utf8_lossy(&log[start..]).into_owned();
        if words.trim().is_empty() {
            words = String::from_utf8_lossy(&self.noise).into_owned();
        }
        if words.trim().is_empty() && matches!(self.way, Way::Shared(..)) {
            "the shared connection has ended".clone_into(&mut words);
        }
        words
    }
}

/// What the far half is asked for.
pub(super) struct Request<'a> {
    pub(super) verb: &'a str,
    pub(super) run: &'a str,
    pub(super) key: &'a str,
    pub(super) details: String,
    /// The fragment that sets up the command, and what it reads.
    pub(super) command: Option<(Vec<u8>, Option<&'a str>)>,
}

impl Request<'_> {
    fn bytes(&self, nonce: &str) -> Vec<u8> {
        let Self { verb, run, key, details, command } = self;
        let mut bytes = format!("{verb} {nonce} {run} {key} {details}\n").into_bytes();
        if let Some((fragment, input)) = command {
            bytes.extend_from_slice(fragment);
            bytes.extend_from_slice(format!("{nonce}\n").as_bytes());
            bytes.extend_from_slice(input.unwrap_or_default().as_bytes());
        }
        bytes
    }
}

/// Starts `ssh`.
fn start(link: &Link, direct: bool, log: &Path) -> io::Result<(Way, Streams)> {
    // Made here, so that nobody else's file is written to.
    fs::write(log, "")?;
    let argv = link.argv(direct, log);
    let mut child = Command::new(&argv[0])
        .args(&argv[1..])
        .arg(far::command())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        // The keeper stops us by a signal to our group. We want to live on with `ssh` then, to stop what runs there.
        .process_group(0)
        .kill_on_drop(true)
        .spawn()?;
    let streams = Streams::of(&mut child)?;
    Ok((Way::Program(child), streams))
}

/// Waits for the end of a session whose standard output has come to its end, or for the word that there will be none: true.
async fn over(way: &mut Way, is_read: bool) -> bool {
    match way {
        Way::Program(child) if is_read => {
            child.wait().await.map(drop).unwrap_or(());
            false
        }
        Way::Shared(session, is_open) if is_read || !*is_open => loop {
            match session.news().await {
                News::Opened => *is_open = true,
                News::Refused if !*is_open => return true,
                News::Refused => {}
                News::Over => return false,
            }
            if !is_read {
                std::future::pending::<()>().await;
            }
        },
        _ => std::future::pending().await,
    }
}

async fn say(mut stdin: Sender, bytes: Vec<u8>, hung_up: oneshot::Receiver<()>) {
    // When it cannot be said, the session ends, and says why.
    stdin.write_all(&bytes).await.unwrap_or(());
    stdin.flush().await.unwrap_or(());
    hung_up.await.unwrap_or(());
}

async fn read<R: tokio::io::AsyncRead + Unpin>(from: &mut Option<R>, buffer: &mut [u8]) -> usize {
    match from {
        Some(from) => from.read(buffer).await.unwrap_or(0),
        None => std::future::pending().await,
    }
}

fn sort(piece: Piece, stderr: bool, heard: &mut VecDeque<Heard>, noise: &mut Vec<u8>) {
    match piece {
        Piece::Noise(bytes) => {
            let room = WORDS.saturating_sub(noise.len()).min(bytes.len());
            noise.extend_from_slice(&bytes[..room]);
        }
        Piece::Data(bytes) => heard.push_back(Heard::Data { stderr, bytes }),
        Piece::Said(line) => {
            let (word, rest) = line.split_once(' ').unwrap_or((&line, ""));
            heard.push_back(Heard::Said { stderr, word: word.to_owned(), rest: rest.trim_end().to_owned() });
        }
    }
}

/// What nobody on the host can know before it is said: so the command cannot speak as the far half by chance, or by what
/// stands in the file that it prints.
fn nonce() -> io::Result<String> {
    let mut bytes = [0; 16];
    let count = rustix::rand::getrandom(&mut bytes, rustix::rand::GetRandomFlags::empty())?;
    if count < bytes.len() {
        return Err(io::Error::other("the kernel gave too few random bytes"));
    }
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
