//! The plan that a rehearsal came to.

use serde::Serialize;

use crate::digest::Digest;
use crate::outlook::Lack;

/// What the run would do that was rehearsed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Planned {
    /// The digest of the plan.
    pub plan: Digest,
    /// How many steps it has.
    pub steps: u64,
    /// How many of them would change something.
    pub changes: u64,
    /// Whether none of it hangs on what is unknown.
    pub certain: bool,
    /// What the withheld changes will need and that was not there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lacks: Vec<Lack>,
    /// Why the programs of its checks were not kept from writing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unconfined: Option<String>,
}
