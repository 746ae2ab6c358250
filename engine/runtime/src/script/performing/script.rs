//! A runbook and its modules, parsed, with what one performance of it is given.

use std::collections::BTreeMap;
use std::sync::Arc;

use rhai::{AST, Map};
use runbook_model::gate::Gate;

use super::trace::Trace;
use crate::script::diagnosis::spots::Spots;
use crate::script::source::Sources;

/// What performances of a program share.
#[derive(Debug)]
pub(in crate::script) struct Script {
    pub(in crate::script) sources: Arc<Sources>,
    pub(in crate::script) asts: Arc<BTreeMap<String, AST>>,
    pub(in crate::script) spots: Arc<Spots>,
    pub(in crate::script) settings: Map,
    pub(in crate::script) hosts: BTreeMap<String, Vec<String>>,
    /// Notes where performances come by.
    pub(in crate::script) trace: Option<Arc<Trace>>,
    pub(in crate::script) gate: Option<Gate>,
}
