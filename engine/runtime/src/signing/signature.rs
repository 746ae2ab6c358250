//! Whether a signature is one.

use ssh_key::{HashAlg, PublicKey, SshSig};

use super::key_file::is_usable;

/// Why a signature proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unsound {
    /// It is not an SSH signature.
    #[error("it is not an SSH signature")]
    NotOne,
    /// It was made for something else.
    #[error("it was made for `{found}`, not for `{wanted}`")]
    Namespace {
        /// What it was made for.
        found: String,
        /// What it should be for.
        wanted: &'static str,
    },
    /// It is of a kind that this program cannot check.
    #[error("it is of kind {0}, which cannot be checked here; `git verify-commit` and `ssh-keygen -Y verify` may")]
    Kind(String),
    /// It signs something else.
    #[error("it does not fit what it signs: one of the two was changed")]
    Forged,
}

/// The key that made this armored signature of `payload`.
///
/// # Errors
/// [`Unsound`] says why it proves nothing.
pub fn check(armored: &[u8], namespace: &'static str, payload: &[u8]) -> Result<PublicKey, Unsound> {
    let signature = SshSig::from_pem(armored).map_err(|_| Unsound::NotOne)?;
    if signature.namespace() != namespace {
        return Err(Unsound::Namespace { found: signature.namespace().escape_default().to_string(), wanted: namespace });
    }
    let key = PublicKey::new(signature.public_key().clone(), "");
    if !is_usable(&key.algorithm()) {
        return Err(Unsound::Kind(key.algorithm().to_string()));
    }
    key.verify(namespace, payload, &signature).map_err(|_| Unsound::Forged)?;
    Ok(key)
}

/// A key by its SHA-256, as `ssh-keygen -l` shows it: `SHA256:…`.
#[must_use]
pub fn fingerprint(key: &PublicKey) -> String {
    key.fingerprint(HashAlg::Sha256).to_string()
}
