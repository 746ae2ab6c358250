//! Who signs, and with which key.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ssh_key::PublicKey;

use super::agent::AgentKey;
use super::key_file::{Content, SshKey};

/// Signs in the operator's name. Shared between the thread that writes the audit trail and the one that runs the steps.
pub trait Signer: Send + Sync + fmt::Debug {
    /// The armored SSH signature of `payload`; `namespace` says what it is for, so that it counts for nothing else.
    ///
    /// # Errors
    /// [`CannotSign`]
    fn sign(&self, namespace: &str, payload: &[u8]) -> Result<String, CannotSign>;

    /// The public half.
    fn public(&self) -> &PublicKey;

    /// The public half by its SHA-256, as `ssh-keygen -l` shows it: `SHA256:…`.
    fn fingerprint(&self) -> String {
        self.public().fingerprint(ssh_key::HashAlg::Sha256).to_string()
    }
}

/// Something could not be signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{key}` cannot sign: {why}")]
pub struct CannotSign {
    /// The key: a file, or `agent`.
    pub key: String,
    /// Why not, and what to do about it.
    pub why: String,
}

/// What a session signs with.
#[derive(Debug, Clone, Default)]
pub struct Signing {
    /// The key; none when the run is not signed.
    pub signer: Option<Arc<dyn Signer>>,
    /// Whether nothing may be written unsigned.
    pub required: bool,
}

/// Opens the key that a person named: `agent`, `agent:SHA256:…`, or a file; `socket` is where the agent listens.
///
/// A file with a public key, or one with a passphrase, is signed with by the agent, as git does it. The key signs once,
/// so that whatever is wrong with it is found out now and not at the last step.
///
/// # Errors
/// [`CannotSign`] says what is wrong and the way out.
pub fn open(named: &str, socket: Option<&Path>) -> Result<Arc<dyn Signer>, CannotSign> {
    let signer: Arc<dyn Signer> = match named.strip_prefix("agent") {
        Some("") => Arc::new(AgentKey::only(socket)?),
        Some(print) if print.starts_with(":SHA256:") => Arc::new(AgentKey::of_fingerprint(socket, &print[1..])?),
        Some(print) if print.starts_with(':') => {
            let why = "a key of the agent is named by its fingerprint: `agent:SHA256:…` (`ssh-add -l` shows it)".to_owned();
            return Err(CannotSign { key: named.to_owned(), why });
        }
        _ => {
            let file = PathBuf::from(named);
            match SshKey::read(&file)? {
                Content::Private(key) => Arc::new(*key),
                Content::Public(public) => Arc::new(AgentKey::of_file(socket, &file, &public)?),
            }
        }
    };
    // In a namespace that means nothing: this signature proves nothing to anybody.
    signer.sign("test@runbook", b"")?;
    Ok(signer)
}
