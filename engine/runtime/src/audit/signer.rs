//! Signs commits, so that `git verify-commit` agrees.

use std::fmt;
use std::path::Path;

use ssh_key::{Error, HashAlg, LineEnding, PrivateKey};

/// Signs what a commit says.
pub trait Signer: Send {
    /// The armored SSH signature (namespace `git`) of `payload`.
    ///
    /// # Errors
    /// [`CannotSign`]
    fn sign(&self, payload: &[u8]) -> Result<String, CannotSign>;
}

/// A commit could not be signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the audit trail cannot be signed with `{key}`: {why}")]
pub struct CannotSign {
    /// The key file.
    pub key: String,
    /// Why not, and what to do about it.
    pub why: String,
}

/// An unencrypted ed25519 key in OpenSSH format, kept in memory and used in this process: 0.1 ms a commit, where
/// `ssh-keygen` takes 3 ms.
pub struct SshKey {
    file: String,
    key: PrivateKey,
}

impl SshKey {
    /// Reads a key and signs with it once, so that one that does not work is found out now and not at step 17.
    ///
    /// # Errors
    /// [`CannotSign`] when the file cannot be read, may be read by others, has a passphrase, or is of another kind.
    pub fn open(path: &Path) -> Result<Self, CannotSign> {
        use std::os::unix::fs::PermissionsExt as _;

        let file = path.display().to_string();
        let refused = |why: String| CannotSign { key: file.clone(), why };
        let mode = std::fs::metadata(path).map_err(|error| refused(error.to_string()))?.permissions().mode();
        if mode & 0o077 != 0 {
            return Err(refused(format!("others may read it (mode {:03o}): chmod 600 it", mode & 0o777)));
        }
        let other_kind = |kind: &str| refused(format!("it is {kind}; `ssh-keygen -t ed25519` makes one that works"));
        let text = std::fs::read(path).map_err(|error| refused(error.to_string()))?;
        let key = PrivateKey::from_openssh(text).map_err(|error| match error {
            Error::AlgorithmUnknown | Error::AlgorithmUnsupported { .. } => other_kind("of another kind than ed25519"),
            error => other_kind(&format!("not a private key in OpenSSH format ({error})")),
        })?;
        if key.is_encrypted() {
            return Err(refused("it has a passphrase; use a key without one, kept for the audit trail".to_owned()));
        }
        if !key.algorithm().is_ed25519() {
            return Err(other_kind(&format!("of kind {}", key.algorithm())));
        }
        let signer = Self { file, key };
        signer.sign(b"")?;
        Ok(signer)
    }

    /// The public half as one line, as an allowed-signers file has it behind the name.
    ///
    /// # Errors
    /// [`CannotSign`] when it cannot be put into text.
    pub fn public(&self) -> Result<String, CannotSign> {
        self.key.public_key().to_openssh().map_err(|error| CannotSign { key: self.file.clone(), why: error.to_string() })
    }
}

impl Signer for SshKey {
    fn sign(&self, payload: &[u8]) -> Result<String, CannotSign> {
        self.key
            .sign("git", HashAlg::Sha512, payload)
            .and_then(|signature| signature.to_pem(LineEnding::LF))
            .map_err(|error| CannotSign { key: self.file.clone(), why: error.to_string() })
    }
}

/// The private half is never shown.
impl fmt::Debug for SshKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SshKey").field("file", &self.file).finish_non_exhaustive()
    }
}
