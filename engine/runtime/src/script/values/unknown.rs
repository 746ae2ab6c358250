//! Values that a rehearsal cannot know: they flow through text and arithmetic, and stop whatever hangs on them.

use rhai::{Array, Dynamic, EvalAltResult, ImmutableString, Map, Position};
use runbook_model::step::Location;

/// The name of the type in messages of Rhai; [`crate::script::performing::blame`] recognises it there.
pub(in crate::script) const TYPE: &str = "unknown";

/// A value that depends on a step that a rehearsal withholds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::script) struct Unknown {
    /// What stands for it in text: `‹output of "build"›`, perhaps with known text around.
    pub(in crate::script) shown: String,
    /// What it is: `the output of "build"`.
    pub(in crate::script) because: String,
    /// The step that it comes from.
    pub(in crate::script) origin: Location,
}

impl Unknown {
    /// The result of a step.
    pub(in crate::script) fn of_step(kind: &str, name: &str, origin: Location) -> Self {
        let what = match kind {
            "command" => "output",
            "confirm" => "answer",
            _ => "result",
        };
        Self { shown: format!("‹{what} of \"{name}\"›"), because: format!("the {what} of \"{name}\""), origin }
    }
}

/// A loop over an unknown ends the certain part of a rehearsal. A plain operand is found before its loop begins
/// ([`crate::script::performing::decision`]); this is for what a call or an operator gave.
impl IntoIterator for Unknown {
    type Item = Result<Dynamic, Box<EvalAltResult>>;
    type IntoIter = std::iter::Once<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        let of_this_type = EvalAltResult::ErrorMismatchDataType("list".to_owned(), TYPE.to_owned(), Position::NONE);
        std::iter::once(Err(Box::new(of_this_type)))
    }
}

/// What stands for a value in text that people read and argv: the text itself, or the mark of an unknown.
pub(in crate::script) fn text(value: &Dynamic) -> Option<String> {
    if let Some(text) = value.read_lock::<ImmutableString>() {
        return Some(text.to_string());
    }
    value.read_lock::<Unknown>().map(|unknown| unknown.shown.clone())
}

/// The map with the marks of the unknowns in it as texts, at any depth.
pub(in crate::script) fn marks_in(map: &Map) -> Map {
    map.iter().map(|(key, value)| (key.clone(), marked(value))).collect()
}

fn marked(value: &Dynamic) -> Dynamic {
    if let Some(unknown) = value.read_lock::<Unknown>() {
        return unknown.shown.clone().into();
    }
    if let Some(map) = value.read_lock::<Map>() {
        return marks_in(&map).into();
    }
    if let Some(items) = value.read_lock::<Array>() {
        return items.iter().map(marked).collect::<Array>().into();
    }
    value.clone()
}
