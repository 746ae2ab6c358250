//! A small real HTTP server whose answers a test decides.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// A request.
#[derive(Debug, Clone, Default)]
pub(crate) struct Asked {
    pub(crate) method: String,
    pub(crate) path: String,
    /// Header fields, names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

type Answers = dyn Fn(&Asked) -> (u16, String) + Send + Sync;

/// A server on loopback; it stops with the value.
pub(crate) struct Service {
    pub(crate) address: SocketAddr,
    over: Arc<AtomicBool>,
    accepting: Option<JoinHandle<()>>,
}

impl Service {
    /// Starts it; `answers` gives the status and the body.
    pub(crate) fn start(answers: impl Fn(&Asked) -> (u16, String) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let (over, answers): (_, Arc<Answers>) = (Arc::new(AtomicBool::new(false)), Arc::new(answers));
        let stop = Arc::clone(&over);
        let accepting = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if stop.load(Ordering::SeqCst) {
                    return;
                }
                let answers = Arc::clone(&answers);
                // One thread a connection: nginx opens one for each request, and none is waited for.
                std::thread::spawn(move || stream.map(|stream| answer(&stream, &*answers)));
            }
        });
        Self { address, over, accepting: Some(accepting) }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        // It waits for a connection: this is the last one.
        drop(TcpStream::connect(self.address));
        self.accepting.take().map(JoinHandle::join).map(drop).unwrap_or(());
    }
}

fn answer(mut stream: &TcpStream, answers: &Answers) {
    let asked = stream.set_read_timeout(Some(Duration::from_secs(60))).ok().and_then(|()| read(stream));
    let Some(asked) = asked else { return };
    let (status, body) = answers(&asked);
    // Clients that speak several encodings take what has no type for another one.
    let kind = if body.starts_with(['{', '[']) { "content-type: application/json\r\n" } else { "" };
    let text = format!("HTTP/1.1 {status} X\r\n{kind}content-length: {}\r\nconnection: close\r\n\r\n{body}", body.len());
    // Whoever asked may have gone away.
    stream.write_all(text.as_bytes()).unwrap_or(());
}

fn read(stream: &TcpStream) -> Option<Asked> {
    let mut reader = BufReader::new(stream);
    let mut line = || {
        let mut line = String::new();
        reader.read_line(&mut line).ok().map(|_| line.trim_end().to_owned())
    };
    let first = line()?;
    let mut words = first.split(' ');
    let mut asked = Asked { method: words.next()?.to_owned(), path: words.next()?.to_owned(), ..Asked::default() };
    while let Some((name, value)) = line()?.split_once(':') {
        asked.headers.push((name.to_lowercase(), value.trim().to_owned()));
    }
    let length = asked.headers.iter().find(|(name, _)| name == "content-length").and_then(|(_, value)| value.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut body).ok()?;
    asked.body = String::from_utf8_lossy(&body).into_owned();
    Some(asked)
}
