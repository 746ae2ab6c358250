//! Visitors: some keep their connection, some open a fresh one each time. Every answer that is not 200 is counted.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// Visitors who come until they are told to stop.
pub(crate) struct Load {
    shared: Arc<Shared>,
    visitors: Vec<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    over: AtomicBool,
    answered: AtomicU64,
    failures: Mutex<Vec<String>>,
    port: u16,
}

impl Load {
    /// Two visitors with fresh connections, two who keep theirs.
    pub(crate) fn on(port: u16) -> Self {
        let shared = Arc::new(Shared { port, ..Shared::default() });
        let visitors = [true, true, false, false].map(|keeps| {
            let shared = Arc::clone(&shared);
            std::thread::spawn(move || shared.visit(keeps))
        });
        Self { shared, visitors: visitors.into() }
    }

    /// How many requests were answered so far.
    pub(crate) fn answered(&self) -> u64 {
        self.shared.answered.load(Ordering::SeqCst)
    }

    /// Sends them home; gives how many requests were answered, and what went wrong.
    pub(crate) fn end(self) -> (u64, Vec<String>) {
        self.shared.over.store(true, Ordering::SeqCst);
        for visitor in self.visitors {
            visitor.join().expect("a visitor");
        }
        let failures = self.shared.failures.lock().unwrap_or_else(PoisonError::into_inner).clone();
        (self.shared.answered.load(Ordering::SeqCst), failures)
    }
}

impl Shared {
    fn visit(&self, keeps: bool) {
        let mut kept: Option<BufReader<TcpStream>> = None;
        while !self.over.load(Ordering::SeqCst) && !self.has_enough() {
            let reused = kept.take();
            let was_reused = reused.is_some();
            let connection = reused.map_or_else(|| connect(self.port), Ok);
            match connection.and_then(|mut connection| Ok((ask(&mut connection, keeps)?, connection))) {
                Ok((200, connection)) => {
                    self.answered.fetch_add(1, Ordering::SeqCst);
                    kept = keeps.then_some(connection);
                }
                Ok((status, _)) => self.failed(format!("status {status}")),
                // A server may close an idle connection at any moment, a reload does; a request that meets that, without one byte of an
                // answer, is sent again on a new connection by every client (RFC 9110, 9.2.2). On a new connection nothing is forgiven.
                Err(Broken { answered: false, .. }) if was_reused => {}
                Err(broken) => self.failed(broken.why),
            }
        }
    }

    /// Whether so much went wrong that more would say nothing new.
    fn has_enough(&self) -> bool {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner).len() > 10_000
    }

    fn failed(&self, why: String) {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner).push(why);
    }
}

struct Broken {
    why: String,
    /// Whether anything of an answer had come.
    answered: bool,
}

fn connect(port: u16) -> Result<BufReader<TcpStream>, Broken> {
    let broken = |error: std::io::Error| Broken { why: format!("no connection: {error}"), answered: false };
    let stream = TcpStream::connect(("127.0.0.1", port)).map_err(broken)?;
    stream.set_read_timeout(Some(Duration::from_secs(60))).map_err(broken)?;
    Ok(BufReader::new(stream))
}

/// One request; its status once the whole body was read.
fn ask(connection: &mut BufReader<TcpStream>, keeps: bool) -> Result<u16, Broken> {
    let mut answered = false;
    asked(connection, keeps, &mut answered).map_err(|error| Broken { why: format!("{error}, answered: {answered}"), answered })
}

fn asked(connection: &mut BufReader<TcpStream>, keeps: bool, answered: &mut bool) -> std::io::Result<u16> {
    let odd = |what: &str| std::io::Error::other(what.to_owned());
    let how = if keeps { "keep-alive" } else { "close" };
    connection.get_mut().write_all(format!("GET / HTTP/1.1\r\nhost: x\r\nconnection: {how}\r\n\r\n").as_bytes())?;
    let (mut status, mut length) = (None, 0);
    loop {
        let mut line = String::new();
        if connection.read_line(&mut line)? == 0 {
            return Err(odd("it was closed"));
        }
        *answered = true;
        match (status, line.trim_end().to_lowercase().split_once(": ")) {
            (None, _) => status = line.split(' ').nth(1).and_then(|word| word.parse().ok()),
            (_, Some(("content-length", value))) => length = value.parse().map_err(|_| odd("its length"))?,
            _ if line.trim_end().is_empty() => break,
            _ => {}
        }
    }
    let mut body = vec![0; length];
    connection.read_exact(&mut body)?;
    status.ok_or_else(|| odd("no status"))
}
