//! Listens, and serves each connection.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::{Extension, Router};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Semaphore;

use super::crowd::Crowd;
use super::impatient::Impatient;
use super::tls::Certificate;
use super::{Desk, client_address, notify, rehearsing, reply, routes};
use crate::exit_code::ExitCode;
use crate::failure::Failure;

/// So many connections at a time; those after it wait.
const MOST: usize = 4_096;
/// So many of them are of one client; those after it are closed. A browser has six.
const EACH: usize = 128;
/// So many wait to be taken; the system may allow fewer (`net.core.somaxconn`).
const QUEUE: i32 = 4_096;
/// The head of a request, and a handshake, come within this.
const PATIENCE: Duration = Duration::from_secs(10);
/// Whoever takes nothing of an answer for this long is left.
const READS: Duration = Duration::from_secs(30);
/// The most of a head, in bytes.
const HEAD: usize = 64 * 1024;

/// From where a request comes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peer(pub(super) SocketAddr);

/// Serves until the process is told to end. `begun` is called once connections are taken.
///
/// # Errors
/// The certificate cannot be used, or the system gives no threads.
pub fn listen(
    listener: std::net::TcpListener,
    desk: &Arc<Desk>,
    begun: impl FnOnce() -> Result<(), Failure>,
) -> Result<ExitCode, Failure> {
    let read = desk.settings.tls.as_ref().map(|(cert, key)| Certificate::read(cert, key));
    let certificate = read.transpose()?.map(Arc::new);
    // Each viewer of a run is an open file.
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum }).ok();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        // They read files, or wait for whoever is told something; the rest of what is asked waits for them.
        .max_blocking_threads(128)
        .build()
        .map_err(|error| Failure::new(ExitCode::Refused, format!("the server cannot start: {error}")))?;
    let failed = |error: std::io::Error| Failure::new(ExitCode::Refused, format!("the server cannot listen: {error}"));
    let served = runtime.block_on(async {
        listener.set_nonblocking(true).map_err(failed)?;
        // Many come back at the same moment when a proxy or a network was away. 128, as usual, are not enough for them.
        rustix::net::listen(&listener, QUEUE).map_err(|error| failed(error.into()))?;
        let listener = TcpListener::from_std(listener).map_err(failed)?;
        let (mut term, mut int) =
            (signal(SignalKind::terminate()).map_err(failed)?, signal(SignalKind::interrupt()).map_err(failed)?);
        let door = Door {
            listener,
            room: Arc::new(Semaphore::new(MOST)),
            crowd: Crowd::new(EACH),
            proxies: desk.settings.proxies.clone(),
            router: routes::all(desk),
            certificate: certificate.clone(),
        };
        let watching = [
            tokio::spawn(notify::watch(desk.clone())),
            tokio::spawn(reply::watch(desk.clone())),
            tokio::spawn(rehearsing::watch(desk.clone())),
        ];
        certificate.map(|certificate| tokio::spawn(certificate.kept_fresh()));
        begun()?;
        tokio::select! {
            () = door.kept_open() => {}
            _ = term.recv() => {}
            _ = int.recv() => {}
        }
        watching.iter().for_each(tokio::task::JoinHandle::abort);
        Ok(ExitCode::Completed)
    });
    // Views of runs never end by themselves, and the runs do not need us.
    runtime.shutdown_background();
    served
}

struct Door {
    listener: TcpListener,
    room: Arc<Semaphore>,
    crowd: Arc<Crowd<IpAddr>>,
    /// Each speaks for many, who are counted further in.
    proxies: Vec<IpAddr>,
    router: Router,
    certificate: Option<Arc<Certificate>>,
}

impl Door {
    /// Takes connections for as long as somebody waits for it.
    async fn kept_open(&self) {
        // A client is told of once, and not once for each connection that it tries.
        let mut told: Option<IpAddr> = None;
        loop {
            let Ok(room) = self.room.clone().acquire_owned().await else { return };
            let (stream, peer) = match self.listener.accept().await {
                // Who comes by IPv4 to a server of both kinds is written as IPv6, and is the same one all the same.
                Ok((stream, peer)) => (stream, SocketAddr::new(peer.ip().to_canonical(), peer.port())),
                Err(error) => {
                    // Out of files, most likely: it passes when somebody hangs up.
                    tracing::warn!(%error, "a connection was not taken");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            };
            let is_proxy = self.proxies.contains(&peer.ip());
            let place = (!is_proxy).then(|| self.crowd.admit(client_address::of(peer.ip())));
            if place.as_ref().is_some_and(Option::is_none) {
                if told.replace(peer.ip()) != Some(peer.ip()) {
                    tracing::warn!(client = %peer.ip(), "has too many connections; the next ones are closed");
                }
                continue;
            }
            let acceptor = self.certificate.as_ref().map(|certificate| certificate.acceptor());
            let router = self.router.clone().layer(Extension(Peer(peer)));
            tokio::spawn(async move {
                stream.set_nodelay(true).ok();
                match acceptor {
                    Some(acceptor) => encrypted(acceptor, stream, router).await,
                    None => speak(stream, router).await,
                }
                drop((place, room));
            });
        }
    }
}

async fn encrypted(acceptor: tokio_rustls::TlsAcceptor, stream: TcpStream, router: Router) {
    if let Ok(Ok(stream)) = tokio::time::timeout(PATIENCE, acceptor.accept(stream)).await {
        speak(stream, router).await;
    }
}

async fn speak(stream: impl AsyncRead + AsyncWrite + Unpin, router: Router) {
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(PATIENCE)
        .max_buf_size(HEAD)
        .serve_connection(TokioIo::new(Impatient::new(stream, READS)), TowerToHyperService::new(router));
    if let Err(error) = served.await {
        tracing::debug!(%error, "a connection ended");
    }
}
