//! Listens, and serves each connection.

use std::net::SocketAddr;
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

use super::{Desk, notify, reply, routes, tls};
use crate::exit_code::ExitCode;
use crate::failure::Failure;

/// So many connections at a time; those after it wait.
const MOST: usize = 4_096;
/// The head of a request, and a handshake, come within this.
const PATIENCE: Duration = Duration::from_secs(10);
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
    let acceptor = desk.settings.tls.as_ref().map(|(cert, key)| tls::acceptor(cert, key)).transpose()?;
    // Each viewer of a run is an open file.
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum }).ok();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(ExitCode::Refused, format!("the server cannot start: {error}")))?;
    let failed = |error: std::io::Error| Failure::new(ExitCode::Refused, format!("the server cannot listen: {error}"));
    let served = runtime.block_on(async {
        listener.set_nonblocking(true).map_err(failed)?;
        let listener = TcpListener::from_std(listener).map_err(failed)?;
        let (mut term, mut int) =
            (signal(SignalKind::terminate()).map_err(failed)?, signal(SignalKind::interrupt()).map_err(failed)?);
        let router = routes::all(desk);
        let telling = [tokio::spawn(notify::watch(desk.clone())), tokio::spawn(reply::watch(desk.clone()))];
        begun()?;
        tokio::select! {
            () = accept(&listener, acceptor, router) => {}
            _ = term.recv() => {}
            _ = int.recv() => {}
        }
        telling.iter().for_each(tokio::task::JoinHandle::abort);
        Ok(ExitCode::Completed)
    });
    // Views of runs never end by themselves, and the runs do not need us.
    runtime.shutdown_background();
    served
}

async fn accept(listener: &TcpListener, acceptor: Option<tokio_rustls::TlsAcceptor>, router: Router) {
    let room = Arc::new(Semaphore::new(MOST));
    loop {
        let Ok(place) = room.clone().acquire_owned().await else { return };
        let (stream, peer) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of files, most likely: it passes when somebody hangs up.
                tracing::warn!(%error, "a connection was not taken");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let (acceptor, router) = (acceptor.clone(), router.clone().layer(Extension(Peer(peer))));
        tokio::spawn(async move {
            stream.set_nodelay(true).ok();
            match acceptor {
                Some(acceptor) => encrypted(acceptor, stream, router).await,
                None => speak(stream, router).await,
            }
            drop(place);
        });
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
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    if let Err(error) = served.await {
        tracing::debug!(%error, "a connection ended");
    }
}
