//! Saying that somebody has read a run. Nothing of it changes: a session that holds one signed statement.

use runbook_model::entry::Purpose;

use super::Refused;
use super::session::{Finished, Opening, Session};
use super::taking::{sources_of, take};

impl Session {
    /// Signs that the operator has read the run as it is. The signature is the whole of it: the session itself is what is
    /// signed.
    ///
    /// # Errors
    /// When the run cannot be taken, or the key does not sign.
    pub async fn review(mut opening: Opening) -> Result<Finished, Refused> {
        let (journal, state) = take(&mut opening, Purpose::Review)?;
        let run = opening.dir.run();
        let status = state.status().clone();
        let (_, sources) = sources_of(&opening.dir, &state)?;
        opening.signing.required = true;
        let session = Self::unlocked(opening, journal, state, &sources, Purpose::Review)?;
        Ok(session.finish(run, Ok(status)).await)
    }
}
