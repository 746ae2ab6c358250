//! The operator's SSH key: signs commits and statements, and checks the signatures of others.
//!
//! The formats are those of OpenSSH (`PROTOCOL.sshsig`, `allowed_signers`), so that `git verify-commit` and
//! `ssh-keygen -Y verify` judge what is signed here, and need nothing of ours for it.

mod agent;
mod allowed_signers;
mod key_file;
mod pattern;
mod signature;
mod signer;
mod validity;

pub use agent::AgentKey;
pub use allowed_signers::{AllowedSigners, Malformed, NotAllowed};
pub use key_file::SshKey;
pub use signature::{Unsound, check, fingerprint};
pub use signer::{CannotSign, Signer, Signing, open};

#[cfg(test)]
mod tests;
