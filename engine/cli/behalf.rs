//! For whom this process works, when that is not whoever started it: the server starts one for each wish of a person.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use runbook_model::digest::Digest;
use runbook_model::entry::Alert;
use runbook_model::parameter::Origin;
use serde::{Deserialize, Serialize};

/// What a person asked for in a browser.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// Who.
    pub person: String,
    /// The command line, without the name of the program.
    pub line: Vec<String>,
    /// Where the values of parameters come from, when nobody typed them.
    #[serde(default)]
    pub origins: BTreeMap<String, Origin>,
    /// The digest of the sources that the person was shown.
    #[serde(default)]
    pub shown: Option<Digest>,
    /// The alert from whose page they did.
    #[serde(default)]
    pub alert: Option<Alert>,
}

static REQUEST: OnceLock<Request> = OnceLock::new();

/// For whom this process works, when that is not whoever started it.
pub(crate) fn request() -> Option<&'static Request> {
    REQUEST.get()
}

/// From here on this process works for somebody; false when it does already.
pub(crate) fn work_for(request: Request) -> bool {
    REQUEST.set(request).is_ok()
}
