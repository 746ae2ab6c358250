//! Where a performance came by, for the coverage of tests.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use rhai::Position;
use runbook_model::step::Location;

use crate::script::diagnosis::span;

/// The places that performances came by. Shared by all that trace one program.
#[derive(Debug, Default)]
pub struct Trace(Mutex<BTreeSet<(String, u32, u32)>>);

impl Trace {
    /// Notes that a performance came by.
    pub(in crate::script) fn note(&self, file: &str, position: Position) {
        let at = span::location(file, position);
        self.note_at(&at);
    }

    /// Notes that a step of this place was performed.
    pub fn note_at(&self, at: &Location) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert((at.file.clone(), at.line, at.column));
    }

    /// Whether a performance came by this place.
    pub(in crate::script) fn has(&self, at: &Location) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(&(at.file.clone(), at.line, at.column))
    }
}
