//! Signs commits, so that `git verify-commit` agrees.

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
#[error("the commit could not be signed with `{key}`: {why}")]
pub struct CannotSign {
    /// The key file.
    pub key: String,
    /// Why not, and what to do about it.
    pub why: String,
}
