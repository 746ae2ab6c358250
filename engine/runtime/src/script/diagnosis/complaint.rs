//! What a function of the engine says to a script that uses it wrongly.

use std::sync::Arc;

use rhai::{Dynamic, EvalAltResult, NativeCallContext, Position};
use runbook_model::step::Location;

use crate::script::diagnosis::code::Code;
use crate::script::diagnosis::span;
use crate::script::diagnosis::spots::Spots;

/// The result of a function that a script can call.
pub(in crate::script) type Called<T> = Result<T, Box<EvalAltResult>>;

/// A wrong use of a function of the engine. Scripts can catch it; the place stays the original one when they rethrow.
#[derive(Debug, Clone)]
pub(in crate::script) struct Complaint {
    pub(in crate::script) code: Code,
    pub(in crate::script) message: String,
    pub(in crate::script) help: Option<String>,
    pub(in crate::script) location: Location,
}

impl Complaint {
    pub(in crate::script) fn new(ctx: &NativeCallContext, code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), help: None, location: place(ctx) }
    }

    pub(in crate::script) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    pub(in crate::script) fn at(mut self, location: Location) -> Self {
        self.location = location;
        self
    }

    /// The error that the script gets.
    pub(in crate::script) fn raise<T>(self) -> Called<T> {
        Err(Box::new(EvalAltResult::ErrorRuntime(Dynamic::from(self), Position::NONE)))
    }
}

/// Where the script called the function. The engine's tag holds the [`Spots`] of the program.
pub(in crate::script) fn place(ctx: &NativeCallContext) -> Location {
    let claimed = span::location(ctx.call_source().unwrap_or_default(), ctx.call_position());
    match ctx.tag().and_then(|tag| tag.read_lock::<Arc<Spots>>()) {
        Some(spots) => spots.corrected(claimed, ctx.fn_name()),
        None => claimed,
    }
}
