//! The demo's service: a small HTTP server that serves whichever release was current when it started.

use std::convert::Infallible;
use std::fs;
use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::failure::DemoFailure;
use super::metrics::Metrics;
use super::release::Release;
use super::request;

/// More connections than this at once are turned away with 503.
const MOST_AT_ONCE: usize = 64;

/// Serves the deployment in `root` on `address` until the process is ended.
///
/// The release is read once, here: as with most real services, a changed link counts only after a restart. The process
/// id stands in `run/api.pid` from the moment on which the service listens.
///
/// # Errors
/// When `address` is not on loopback or is taken, or when the current release cannot be read.
pub fn serve(root: &Path, address: SocketAddr) -> Result<Infallible, DemoFailure> {
    if !address.ip().is_loopback() {
        return Err(DemoFailure::NotLoopback(address));
    }
    let site = Arc::new(Site::open(root)?);
    let listener = TcpListener::bind(address).map_err(|source| DemoFailure::Listen { address, source })?;
    write_pid(root)?;
    loop {
        match listener.accept() {
            Ok((stream, _)) => site.clone().take(stream),
            // A client that hung up before it was taken; with nothing else to do, the next one is waited for.
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
            Err(source) => return Err(DemoFailure::Listen { address, source }),
        }
    }
}

/// Whole or not at all, because the control script waits for this file and reads it at any moment.
fn write_pid(root: &Path) -> Result<(), DemoFailure> {
    let pid = std::process::id();
    let (unfinished, path) = (root.join(format!("run/api.pid.{pid}")), root.join("run/api.pid"));
    fs::write(&unfinished, format!("{pid}\n")).map_err(DemoFailure::file("write", &unfinished))?;
    fs::rename(&unfinished, &path).map_err(DemoFailure::file("write", &path))
}

/// What is served.
struct Site {
    release: Release,
    page: String,
    metrics: Metrics,
    connections: AtomicUsize,
}

impl Site {
    fn open(root: &Path) -> Result<Self, DemoFailure> {
        let directory = root.join("current");
        let release = Release::read(&directory)?;
        let path = directory.join("index.html");
        let page = fs::read_to_string(&path).map_err(DemoFailure::file("read", &path))?;
        Ok(Self { release, page, metrics: Metrics::default(), connections: AtomicUsize::new(0) })
    }

    /// Answers on a thread of its own, so that a slow client keeps nobody waiting.
    fn take(self: Arc<Self>, mut stream: TcpStream) {
        if self.connections.fetch_add(1, Ordering::SeqCst) >= MOST_AT_ONCE {
            self.connections.fetch_sub(1, Ordering::SeqCst);
            // Nobody is left to tell when the client has gone as well.
            request::answer(&mut stream, 503, TEXT, "too many connections\n", true).ok();
            return;
        }
        thread::spawn(move || {
            // A client that goes away in the middle is its own business.
            self.converse(&mut stream).ok();
            self.connections.fetch_sub(1, Ordering::SeqCst);
        });
    }

    fn converse(&self, stream: &mut TcpStream) -> io::Result<()> {
        let Some((method, path)) = request::read(stream)? else {
            return request::answer(stream, 400, TEXT, "this is not an HTTP request\n", true);
        };
        let with_body = method != "HEAD";
        if with_body && method != "GET" {
            return request::answer(stream, 405, TEXT, "only GET and HEAD\n", true);
        }
        let (status, kind, body) = self.page(&path);
        request::answer(stream, status, kind, &body, with_body)
    }

    fn page(&self, path: &str) -> (u16, &'static str, String) {
        let Release { version, health } = &self.release;
        match path {
            "/health" => {
                let healthy = self.release.is_healthy();
                (*health, "application/json", format!("{{\"release\":\"{version}\",\"healthy\":{healthy}}}"))
            }
            "/metrics" => (200, "text/plain; version=0.0.4", self.metrics.page(version)),
            "/" => {
                self.metrics.count(*health);
                (*health, "text/html; charset=utf-8", self.page.clone())
            }
            _ => {
                self.metrics.count(404);
                (404, TEXT, format!("there is nothing at {path}\n"))
            }
        }
    }
}

const TEXT: &str = "text/plain; charset=utf-8";
