//! A session on a connection that is open already, asked for directly.
//!
//! The `ssh` that holds a shared connection listens at a socket, and another `ssh` that is to use it does no more than ask
//! there for a session and pass its three streams on (`PROTOCOL.mux` of OpenSSH, version 4, as it is since 2010). We ask
//! ourselves: that saves a program that links a library of cryptography, for each command. Whoever answers in another way
//! than expected is left alone, and `ssh` is started.

use std::env;
use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::time::Duration;

use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};
use rustix::pipe::{PipeFlags, pipe_with};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, Interest};
use tokio::net::UnixStream;
use tokio::time::timeout;

use super::link::Shared;
use super::streams::Streams;

const HELLO: u32 = 1;
const VERSION: u32 = 4;
const NEW_SESSION: u32 = 0x1000_0002;
const PERMISSION_DENIED: u32 = 0x8000_0002;
const FAILURE: u32 = 0x8000_0003;
const SESSION_OPENED: u32 = 0x8000_0006;

/// What the other side takes in one packet; a longer environment is left to `ssh`.
const LONGEST: usize = 256 * 1024;

/// How long it may take to be asked: it is a process of this machine.
const PATIENCE: Duration = Duration::from_secs(2);

/// A session that was asked for. Dropping it ends the session.
#[derive(Debug)]
pub(super) struct Session {
    stream: UnixStream,
    held: Vec<u8>,
}

/// What becomes of a session.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum News {
    /// The host has opened it.
    Opened,
    /// It was not opened, and nothing was started.
    Refused,
    /// It is over.
    Over,
}

impl Session {
    /// Asks for a session that runs `command`.
    ///
    /// # Errors
    /// Nobody listens there, or not one that speaks as expected; nothing was started.
    pub(super) async fn open(shared: &Shared, command: &str) -> io::Result<(Self, Streams)> {
        let request = request(shared, command, env::vars_os().map(|(name, value)| (name.as_bytes().to_vec(), value)));
        if request.len() > LONGEST {
            return Err(io::Error::other("an environment that is too long"));
        }
        let pipe = || pipe_with(PipeFlags::CLOEXEC);
        let ((stdin, to), (from_out, stdout), (from_err, stderr)) = (pipe()?, pipe()?, pipe()?);
        let streams = Streams::new(to, from_out, from_err)?;
        let opening = async {
            let mut session = Self { stream: UnixStream::connect(&shared.socket).await?, held: Vec::new() };
            session.stream.write_all(&packet(&words(&[HELLO, VERSION]))).await?;
            match session.packet().await? {
                Some(hello) if hello.starts_with(&words(&[HELLO, VERSION])) => {}
                _ => return Err(io::Error::other("another protocol")),
            }
            session.stream.write_all(&packet(&request)).await?;
            // Without all three nothing is started.
            for stream in [stdin, stdout, stderr] {
                session.pass(&stream).await?;
            }
            Ok(session)
        };
        Ok((timeout(PATIENCE, opening).await??, streams))
    }

    /// Passes a stream on, as `ssh` does: with a byte that says nothing.
    async fn pass(&self, stream: &OwnedFd) -> io::Result<()> {
        let send = || {
            let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
            let mut rights = SendAncillaryBuffer::new(&mut space);
            let streams = [stream.as_fd()];
            rights.push(SendAncillaryMessage::ScmRights(&streams));
            Ok(sendmsg(&self.stream, &[IoSlice::new(&[0])], &mut rights, SendFlags::NOSIGNAL)?)
        };
        self.stream.async_io(Interest::WRITABLE, send).await.map(drop)
    }

    /// What comes next. Nothing is lost when the future is dropped.
    pub(super) async fn news(&mut self) -> News {
        while let Ok(Some(packet)) = self.packet().await {
            let Some(kind) = packet.first_chunk::<4>() else { continue };
            match u32::from_be_bytes(*kind) {
                SESSION_OPENED => return News::Opened,
                PERMISSION_DENIED | FAILURE => return News::Refused,
                // How it ended says the far half; the end of what it printed comes with that of the socket.
                _ => {}
            }
        }
        News::Over
    }

    /// The next packet without its length; `None` at the end.
    async fn packet(&mut self) -> io::Result<Option<Vec<u8>>> {
        loop {
            if let Some((length, rest)) = self.held.split_first_chunk::<4>() {
                let length = u32::from_be_bytes(*length) as usize;
                if length > LONGEST {
                    return Err(io::Error::other("a packet that is too long"));
                }
                if let Some(packet) = rest.get(..length) {
                    let packet = packet.to_vec();
                    self.held.drain(..4 + length);
                    return Ok(Some(packet));
                }
            }
            if self.stream.read_buf(&mut self.held).await? == 0 {
                return Ok(None);
            }
        }
    }
}

fn request(shared: &Shared, command: &str, environment: impl Iterator<Item = (Vec<u8>, std::ffi::OsString)>) -> Vec<u8> {
    // The number of the request; reserved; no terminal, no X11, an agent?, no subsystem; no character to escape.
    let mut request = words(&[NEW_SESSION, 0, 0, 0, 0, u32::from(shared.agent), 0, u32::MAX]);
    text(&mut request, b"");
    text(&mut request, command.as_bytes());
    for (name, value) in environment {
        if shared.send_env.iter().any(|pattern| matches(pattern.as_bytes(), &name)) {
            text(&mut request, &[&name, &b"="[..], value.as_bytes()].concat());
        }
    }
    request
}

fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_be_bytes()).collect()
}

/// A text with its length before it. One that is too long makes the whole request too long.
fn text(request: &mut Vec<u8>, bytes: &[u8]) {
    request.extend_from_slice(&u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
    request.extend_from_slice(bytes);
}

fn packet(body: &[u8]) -> Vec<u8> {
    let mut packet = Vec::with_capacity(4 + body.len());
    text(&mut packet, body);
    packet
}

/// Whether a name is one of a pattern with `*` and `?`, as in `SendEnv`.
fn matches(pattern: &[u8], name: &[u8]) -> bool {
    match (pattern.split_first(), name.split_first()) {
        (None, None) => true,
        (Some((b'*', rest)), _) => (0..=name.len()).any(|at| matches(rest, &name[at..])),
        (Some((b'?', pattern)), Some((_, name))) => matches(pattern, name),
        (Some((wanted, pattern)), Some((found, name))) => wanted == found && matches(pattern, name),
        _ => false,
    }
}

/// What whoever holds a connection says first.
#[cfg(test)]
pub(super) fn greeting() -> Vec<u8> {
    packet(&words(&[HELLO, VERSION]))
}

/// What it says when the host has opened a session.
#[cfg(test)]
pub(super) fn opened() -> Vec<u8> {
    packet(&words(&[SESSION_OPENED, 0, 7]))
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};
    use tokio::net::UnixListener;

    use super::*;

    fn shared(socket: PathBuf) -> Shared {
        Shared { socket, agent: false, send_env: Vec::new() }
    }

    fn hello(version: u32) -> Vec<u8> {
        packet(&words(&[HELLO, version]))
    }

    /// What asking at a socket gives that answers with `answer`, in pieces of `cut` bytes, and how many streams it was passed.
    async fn asked(answer: Vec<u8>, cut: usize) -> (io::Result<News>, usize) {
        let dir = tempfile::tempdir().expect("a directory");
        let socket = dir.path().join("socket");
        let listener = UnixListener::bind(&socket).expect("a socket");
        let serve = async {
            let (mut stream, _) = listener.accept().await.expect("somebody");
            for piece in answer.chunks(cut) {
                stream.write_all(piece).await.unwrap_or(()); // it has heard enough
            }
            let mut streams = 0;
            // It is over when the other side hangs up. Time bounds a broken test only.
            let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
            let mut buffer = [0; 4096];
            while tokio::time::timeout_at(deadline, stream.readable()).await.is_ok() {
                let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(4))];
                let mut rights = RecvAncillaryBuffer::new(&mut space);
                let mut pieces = [io::IoSliceMut::new(&mut buffer)];
                let received = stream.try_io(Interest::READABLE, || {
                    Ok(recvmsg(&stream, &mut pieces, &mut rights, RecvFlags::CMSG_CLOEXEC)?.bytes)
                });
                match received {
                    Ok(0) => break,
                    Ok(_) => {}
                    Err(_) => continue,
                }
                for message in rights.drain() {
                    if let RecvAncillaryMessage::ScmRights(passed) = message {
                        streams += passed.count();
                    }
                }
            }
            streams
        };
        let ask = async {
            let (mut session, _streams) = Session::open(&shared(socket.clone()), "true").await?;
            Ok(session.news().await)
        };
        let (news, streams) = tokio::join!(ask, serve);
        (news, streams)
    }

    #[tokio::test]
    async fn whoever_speaks_as_expected_is_passed_three_streams_however_its_words_are_cut() {
        for cut in [1, 3, 4096] {
            let opened = [greeting(), opened()].concat();
            let (news, streams) = asked(opened, cut).await;
            assert_eq!((news.expect("a session"), streams), (News::Opened, 3), "{cut}");
            for no in [FAILURE, PERMISSION_DENIED] {
                let mut reason = words(&[no, 0]);
                text(&mut reason, b"no more sessions");
                let (news, _) = asked([hello(VERSION), packet(&reason)].concat(), cut).await;
                assert_eq!(news.expect("an answer"), News::Refused, "{cut}");
            }
        }
    }

    #[tokio::test]
    async fn whoever_speaks_in_another_way_is_passed_nothing() {
        let long = [&words(&[u32::MAX])[..], &[0; 64]].concat();
        for answer in [hello(3), packet(b""), packet(&words(&[FAILURE])), b"SSH-2.0-x\r\n".to_vec(), long] {
            let (news, streams) = asked(answer.clone(), 4096).await;
            assert!(news.is_err() && streams == 0, "{answer:?}: {news:?}");
        }
        let nobody = shared(PathBuf::from("/nonexistent/socket"));
        assert!(Session::open(&nobody, "true").await.is_err());
    }

    #[test]
    fn only_what_is_to_be_sent_is_sent() {
        let mut shared = shared(PathBuf::new());
        shared.send_env = vec!["LANG".to_owned(), "LC_*".to_owned(), "A?C".to_owned()];
        let all = ["LANG", "LANGUAGE", "LC_ALL", "LC_", "ABC", "AC", "TOKEN"];
        let sent = request(&shared, "true", all.map(|name| (name.into(), "x".into())).into_iter());
        let has = |text: &str| sent.windows(text.len()).any(|window| window == text.as_bytes());
        let found: Vec<_> = all.into_iter().filter(|name| has(&format!("{name}=x"))).collect();
        assert_eq!(found, ["LANG", "LC_ALL", "LC_", "ABC"]);
    }
}
