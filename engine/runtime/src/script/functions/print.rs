//! `print(…)` and `debug(…)`: notes for the record.

use std::sync::Arc;

use rhai::{Array, Dynamic, Engine, FLOAT, ImmutableString, Map, NativeCallContext};

use crate::operation::Operation;
use crate::script::diagnosis::complaint::{Called, place};
use crate::script::diagnosis::span;
use crate::script::performing::here;
use crate::script::performing::stage::Stage;

pub(super) fn register(engine: &mut Engine, stage: &Arc<Stage>) {
    // Rhai calls the function `print` to make a text, and hands that to `on_print` without its place: so the function
    // remembers the place. It has such functions of its own for these types, and would take them before that for any type.
    engine.register_fn("print", |ctx: NativeCallContext| said(&ctx, ImmutableString::new().into()));
    engine.register_fn("print", |ctx: NativeCallContext, item: ImmutableString| said(&ctx, item.into()));
    engine.register_fn("print", |ctx: NativeCallContext, item: bool| said(&ctx, item.into()));
    engine.register_fn("print", |ctx: NativeCallContext, item: char| said(&ctx, item.into()));
    engine.register_fn("print", |ctx: NativeCallContext, item: FLOAT| said(&ctx, item.into()));
    engine.register_fn("print", |ctx: NativeCallContext, (): ()| said(&ctx, Dynamic::UNIT));
    engine.register_fn("print", |ctx: NativeCallContext, item: Array| said(&ctx, item.into()));
    engine.register_fn("print", |ctx: NativeCallContext, item: Map| said(&ctx, item.into()));
    engine.register_fn("print", |ctx: NativeCallContext, item: Dynamic| said(&ctx, item));
    let printing = Arc::clone(stage);
    engine.on_print(move |text| {
        let location = here::with(|here| here.printed_at.clone());
        note(&printing, text, location);
    });
    let debugging = Arc::clone(stage);
    engine.on_debug(move |text, source, position| note(&debugging, text, span::location(source.unwrap_or_default(), position)));
}

/// What is printed, as a text; where, is remembered.
fn said(ctx: &NativeCallContext<'_>, item: Dynamic) -> Called<ImmutableString> {
    let at = place(ctx);
    here::with(|here| here.printed_at = at);
    if item.is_string() { Ok(item.into_immutable_string().unwrap_or_default()) } else { ctx.call_native_fn("to_string", (item,)) }
}

fn note(stage: &Stage, text: &str, location: runbook_model::step::Location) {
    let branch = here::with(|here| here.branch.clone());
    // A hang-up is kept by the stage: the script ends at its next operation.
    if stage.perform(Operation::Note { text: text.to_owned(), location, branch }).is_err() {
        tracing::debug!("a note of the script was lost: the engine stopped the run");
    }
}
