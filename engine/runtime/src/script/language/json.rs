//! JSON as text, for scripts.

use rhai::{Dynamic, EvalAltResult, ImmutableString, Module, Position};

/// The functions for it. Rhai's own `parse_json` takes JSON for a piece of a script, and reads more than JSON is, and less.
pub(super) fn module() -> Module {
    let mut module = Module::new();
    module.set_native_fn("parse_json", |text: ImmutableString| {
        serde_json::from_str::<Dynamic>(&text)
            .map_err(|error| Box::new(EvalAltResult::ErrorRuntime(error.to_string().into(), Position::NONE)))
    });
    module
}
