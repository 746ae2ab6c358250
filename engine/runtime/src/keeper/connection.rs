//! The keeper's end of a line to an engine.

use std::io::{self, Read as _, Write as _};
use std::net::Shutdown;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use runbook_model::excerpt::Bytes;
use rustix::net::sockopt::socket_peercred;
use rustix::process::{Pid, geteuid};

use super::wire::{self, Event, Frames, Request};

/// The most bytes of one stream that wait for a slow engine; older ones give way.
const WAITING: usize = 64 * 1024;

/// The pause between two messages about output, so that telling costs less than copying.
const PAUSE: Duration = Duration::from_millis(20);

pub(super) struct Connection {
    stream: UnixStream,
    pub(super) peer: Pid,
    /// The command that this engine hears about.
    pub(super) watches: Option<u64>,
    pub(super) closed: bool,
    incoming: Frames,
    outgoing: Vec<u8>,
    news: [News; 2],
    quiet_until: Instant,
}

/// Output that was not told yet.
#[derive(Default)]
struct News {
    bytes: Vec<u8>,
    skipped: u64,
}

impl Connection {
    /// Takes a line; refuses other users, who cannot reach the socket in its directory anyway.
    pub(super) fn new(stream: UnixStream) -> io::Result<Self> {
        let peer = socket_peercred(&stream)?;
        if peer.uid != geteuid() {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        stream.set_nonblocking(true)?;
        Ok(Self {
            stream,
            peer: peer.pid,
            watches: None,
            closed: false,
            incoming: Frames::default(),
            outgoing: Vec::new(),
            news: Default::default(),
            quiet_until: Instant::now(),
        })
    }

    /// Everything that the engine has asked so far. A line that breaks in the middle of a request asks nothing.
    pub(super) fn receive(&mut self, buffer: &mut [u8]) -> Vec<Request> {
        let mut requests = Vec::new();
        while !self.closed {
            match self.stream.read(buffer) {
                Ok(0) => self.closed = true,
                Ok(count) => self.incoming.push(&buffer[..count]),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => self.closed = true,
            }
            loop {
                match self.incoming.next() {
                    Ok(Some(request)) => requests.push(request),
                    Ok(None) => break,
                    Err(_) => {
                        self.closed = true;
                        break;
                    }
                }
            }
        }
        requests
    }

    /// Says something, behind all output that was heard before.
    pub(super) fn say(&mut self, event: &Event) {
        self.tell_news();
        self.enqueue(event);
        self.flush();
    }

    /// The command that is watched printed something. Never waits.
    pub(super) fn hear(&mut self, stderr: bool, bytes: &[u8]) {
        let news = &mut self.news[usize::from(stderr)];
        let over = (news.bytes.len() + bytes.len()).saturating_sub(WAITING);
        news.skipped += over as u64;
        let old = over.min(news.bytes.len());
        news.bytes.drain(..old);
        news.bytes.extend_from_slice(&bytes[over - old..]);
    }

    /// Sends what can be sent without waiting.
    pub(super) fn send(&mut self, now: Instant) {
        if self.outgoing.is_empty() && now >= self.quiet_until && self.has_news() {
            self.tell_news();
            self.quiet_until = now + PAUSE;
        }
        self.flush();
    }

    /// Whether bytes wait for the engine to read.
    pub(super) fn is_behind(&self) -> bool {
        !self.outgoing.is_empty()
    }

    /// When [`send`](Self::send) has something to do although nothing happens.
    pub(super) fn due(&self) -> Option<Instant> {
        (self.outgoing.is_empty() && self.has_news()).then_some(self.quiet_until)
    }

    fn has_news(&self) -> bool {
        self.news.iter().any(|news| !news.bytes.is_empty())
    }

    fn tell_news(&mut self) {
        for at in [0, 1] {
            let News { bytes, skipped } = std::mem::take(&mut self.news[at]);
            if !bytes.is_empty() {
                self.enqueue(&Event::Output { stderr: at == 1, skipped, bytes: Bytes(bytes) });
            }
        }
    }

    fn enqueue(&mut self, event: &Event) {
        match wire::frame(event) {
            Ok(frame) => self.outgoing.extend_from_slice(&frame),
            Err(_) => self.closed = true, // the engine finds the end in the ledger
        }
    }

    fn flush(&mut self) {
        let mut sent = 0;
        while sent < self.outgoing.len() && !self.closed {
            match self.stream.write(&self.outgoing[sent..]) {
                Ok(count) => sent += count,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => self.closed = true,
            }
        }
        self.outgoing.drain(..sent);
    }
}

impl Drop for Connection {
    /// Hangs up in so many words: standard input may be a second descriptor of this line.
    fn drop(&mut self) {
        self.stream.shutdown(Shutdown::Both).unwrap_or(());
    }
}

impl AsFd for Connection {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }
}
