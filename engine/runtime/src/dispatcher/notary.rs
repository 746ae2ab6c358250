//! What a person did is signed by them, where they have a key, and written down before the act itself.

use runbook_model::entry::Entry;
use runbook_model::signed::Signed;
use runbook_model::statement::NAMESPACE;

use super::Halt;
use super::desk::Desk;
use crate::report::Progress;
use crate::secret::known;
use crate::signing::{CannotSign, Signing};

/// The pen of the person who is there.
pub(super) struct Notary {
    pub(super) signing: Signing,
}

/// A person's act was not signed, and has to be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}; nothing unsigned is written here (`signing = \"required\"`)")]
pub struct Unsigned(pub CannotSign);

impl Desk {
    /// Signs and writes the statement about an act that is written next (or, for a session, was written just now).
    ///
    /// Nothing else gets between the two: an agent that asks its owner holds up this thread, 30 s at most, because the
    /// statement names the end of the journal, and a record of somebody else would make it false.
    pub(super) fn sign(&self, act: &Entry) -> Result<Result<(), Unsigned>, Halt> {
        let Some(signer) = &self.notary.signing.signer else { return Ok(Ok(())) };
        // As it will be written: a statement about a text that was veiled afterwards would not be about the record.
        let act = &known::redacted(act.clone());
        let Some(mut signed) = Signed::about(act, &signer.fingerprint()) else { return Ok(Ok(())) };
        let now = self.now();
        let text = {
            let state = self.ledger.state();
            signed.text(state.run(), state.started(), self.ledger.head(), now)
        };
        match signer.sign(NAMESPACE, text.as_bytes()) {
            Ok(signature) => {
                signed.signature = signature;
                self.ledger.write(Entry::Signed(Box::new(signed)), now).map(Ok)
            }
            Err(cannot) if self.notary.signing.required => Ok(Err(Unsigned(cannot))),
            Err(cannot) => {
                self.ledger.progress(&Progress::Notice { text: format!("this is not signed: {cannot}") });
                Ok(Ok(()))
            }
        }
    }
}
