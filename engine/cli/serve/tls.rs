//! The certificate, and the one that follows it: a renewal puts new files in place of the old ones, and nobody restarts a
//! server for that.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::output;
use crate::output::style::Palette;

/// Between two looks at the files. `SIGHUP` asks for one at once.
const PACE: Duration = Duration::from_secs(10);

/// A certificate and its key, read again when their files are others.
#[derive(Debug)]
pub(super) struct Certificate {
    cert: PathBuf,
    key: PathBuf,
    current: Mutex<(Option<Stamp>, Arc<ServerConfig>)>,
    /// What was said last of new files that are of no use.
    said: Mutex<String>,
}

/// By which a change of the two files is known: which file it is, its length, and when it was written.
type Stamp = [(u64, u64, i64, i64); 2];

impl Certificate {
    /// Reads two PEM files.
    ///
    /// # Errors
    /// They cannot be read, do not belong together, or others can read the key (RB0049).
    pub(super) fn read(cert: &Path, key: &Path) -> Result<Self, Failure> {
        let stamp = stamp(cert, key);
        let config = config(cert, key, "nothing was started")?;
        Ok(Self { cert: cert.to_owned(), key: key.to_owned(), current: Mutex::new((stamp, config)), said: Mutex::default() })
    }

    /// What shakes hands with the certificate of now.
    pub(super) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(self.current.lock().unwrap_or_else(PoisonError::into_inner).1.clone())
    }

    /// Takes the files of now when they are others than those that were read, or when `asked`. The old certificate stays while
    /// the new files are of no use: half of a renewal must not close the page.
    fn look_again(&self, asked: bool) {
        let stamp = stamp(&self.cert, &self.key);
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if stamp == current.0 && !asked {
            return;
        }
        match config(&self.cert, &self.key, "the old one stays") {
            Ok(config) => {
                *current = (stamp, config);
                self.said.lock().unwrap_or_else(PoisonError::into_inner).clear();
                tracing::info!("the certificate was read again");
            }
            // The stamp stays as it was: it is tried again until it is right.
            Err(failure) => self.refuse(&failure, asked),
        }
    }

    /// Says why the new files are of no use where whoever renewed them reads it: to those who ask, and to nobody twice.
    fn refuse(&self, failure: &Failure, asked: bool) {
        tracing::warn!(%failure, "the new certificate is of no use; the old one stays");
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        if asked || *said != failure.to_string() {
            *said = failure.to_string();
            output::to_stderr(&failure.rendered(Palette::plain()));
        }
    }

    /// Looks at the files for as long as the server lives.
    pub(super) async fn kept_fresh(self: Arc<Self>) {
        let Ok(mut hangup) = signal(SignalKind::hangup()) else { return };
        loop {
            let asked = tokio::select! {
                _ = hangup.recv() => true,
                () = tokio::time::sleep(PACE) => false,
            };
            let there = self.clone();
            tokio::task::spawn_blocking(move || there.look_again(asked)).await.ok();
        }
    }
}

fn stamp(cert: &Path, key: &Path) -> Option<Stamp> {
    let one = |path: &Path| {
        let meta = fs::metadata(path).ok()?;
        Some((meta.ino(), meta.len(), meta.mtime(), meta.mtime_nsec()))
    };
    Some([one(cert)?, one(key)?])
}

/// What `consequence` says is what comes of it when they are of no use.
fn config(cert: &Path, key: &Path, consequence: &str) -> Result<Arc<ServerConfig>, Failure> {
    let unusable =
        |path: &Path, why: String| Failure::usage(format!("`{}` cannot be used: {why}; {consequence} (RB0049)", path.display()));
    let mode = fs::metadata(key).map_err(|error| unusable(key, error.to_string()))?.permissions().mode();
    if mode & 0o077 != 0 {
        let message = format!("`{}` can be read by others; {consequence} (RB0049)", key.display());
        return Err(Failure::new(ExitCode::Refused, message).hint(format!("chmod 600 {}", key.display())));
    }
    let chain: Result<Vec<_>, _> =
        CertificateDer::pem_file_iter(cert).map_err(|error| unusable(cert, error.to_string()))?.collect();
    let chain = chain.map_err(|error| unusable(cert, error.to_string()))?;
    let private = PrivateKeyDer::from_pem_file(key).map_err(|error| unusable(key, error.to_string()))?;
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| Failure::usage(error.to_string()))?
        .with_no_client_auth()
        .with_single_cert(chain, private)
        .map_err(|error| unusable(cert, error.to_string()))?;
    Ok(Arc::new(config))
}
