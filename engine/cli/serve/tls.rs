//! The certificate.

use std::path::Path;
use std::sync::Arc;

use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::failure::Failure;

/// What shakes hands with the certificate and key of two PEM files.
///
/// # Errors
/// They cannot be read, or do not belong together.
pub(super) fn acceptor(cert: &Path, key: &Path) -> Result<TlsAcceptor, Failure> {
    let unusable = |path: &Path, why: String| Failure::usage(format!("`{}` cannot be used: {why}", path.display()));
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
    Ok(TlsAcceptor::from(Arc::new(config)))
}
