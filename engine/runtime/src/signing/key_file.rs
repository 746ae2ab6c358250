//! A private key in a file.

use std::fmt;
use std::path::Path;

use ssh_key::{Algorithm, EcdsaCurve, Error, HashAlg, LineEnding, PrivateKey, PublicKey};

use super::signer::{CannotSign, Signer};

/// A key without passphrase in OpenSSH format, kept in memory and used in this process: 0.1 ms a signature, where
/// `ssh-keygen` takes 3 ms.
pub struct SshKey {
    file: String,
    key: PrivateKey,
}

/// What a key file holds.
pub(super) enum Content {
    /// A private key that can be used as it is.
    Private(Box<SshKey>),
    /// Only the public half can be read: it is a public key, or the private one has a passphrase.
    Public(Box<PublicKey>),
}

/// Whether this program can check what a key of this kind signs.
pub(super) fn is_usable(kind: &Algorithm) -> bool {
    matches!(kind, Algorithm::Ed25519 | Algorithm::Ecdsa { curve: EcdsaCurve::NistP256 })
}

/// Which keys can be used, for messages.
pub(super) const USABLE: &str = "ed25519 and ecdsa (nistp256) keys can be used; `ssh-keygen -t ed25519` makes one";

impl SshKey {
    /// Reads a key that needs no agent.
    ///
    /// # Errors
    /// [`CannotSign`] when the file cannot be read, may be read by others, has a passphrase, or is of another kind.
    pub fn open(path: &Path) -> Result<Self, CannotSign> {
        match Self::read(path)? {
            Content::Private(key) => Ok(*key),
            Content::Public(_) => Err(CannotSign {
                key: path.display().to_string(),
                why: "it has a passphrase: give it to the agent with `ssh-add`".to_owned(),
            }),
        }
    }

    pub(super) fn read(path: &Path) -> Result<Content, CannotSign> {
        use std::os::unix::fs::PermissionsExt as _;

        let file = path.display().to_string();
        let refused = |why: String| CannotSign { key: file.clone(), why };
        let meta = std::fs::metadata(path).map_err(|error| refused(error.to_string()))?;
        if !meta.is_file() {
            return Err(refused("it is not a file".to_owned()));
        }
        let text = std::fs::read(path).map_err(|error| refused(error.to_string()))?;
        let of_kind = |kind: &Algorithm| {
            if is_usable(kind) { Ok(()) } else { Err(refused(format!("it is of kind {kind}; {USABLE}"))) }
        };
        if let Some(public) = std::str::from_utf8(&text).ok().and_then(|text| PublicKey::from_openssh(text.trim()).ok()) {
            of_kind(&public.algorithm())?;
            return Ok(Content::Public(Box::new(public)));
        }
        let mode = meta.permissions().mode();
        if mode & 0o077 != 0 {
            return Err(refused(format!("others may read it (mode {:03o}): chmod 600 it", mode & 0o777)));
        }
        let key = PrivateKey::from_openssh(text).map_err(|error| match error {
            Error::AlgorithmUnknown | Error::AlgorithmUnsupported { .. } => {
                refused(format!("it is of a kind that is not known here; {USABLE}"))
            }
            error => refused(format!("it is not a private key in OpenSSH format ({error}); {USABLE}")),
        })?;
        of_kind(&key.algorithm())?;
        if key.is_encrypted() {
            return Ok(Content::Public(Box::new(key.public_key().clone())));
        }
        Ok(Content::Private(Box::new(Self { file, key })))
    }
}

impl Signer for SshKey {
    fn sign(&self, namespace: &str, payload: &[u8]) -> Result<String, CannotSign> {
        self.key
            .sign(namespace, HashAlg::Sha512, payload)
            .and_then(|signature| signature.to_pem(LineEnding::LF))
            .map_err(|error| CannotSign { key: self.file.clone(), why: error.to_string() })
    }

    fn public(&self) -> &PublicKey {
        self.key.public_key()
    }
}

/// The private half is never shown.
impl fmt::Debug for SshKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SshKey").field("file", &self.file).finish_non_exhaustive()
    }
}
