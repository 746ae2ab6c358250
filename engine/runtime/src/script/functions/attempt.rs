//! `attempt(|| …)`: whether something failed, as a value. `try` of Rhai is a statement and gives none.

use std::sync::Arc;

use rhai::{Dynamic, Engine, EvalAltResult, FnPtr, Map, NativeCallContext};

use crate::script::diagnosis::code::Code;
use crate::script::diagnosis::complaint::{Called, Complaint, place};
use crate::script::performing::blame::blame_from;
use crate::script::performing::stage::Stage;

pub(super) fn register(engine: &mut Engine, stage: &Arc<Stage>) {
    let stage = Arc::clone(stage);
    engine.register_fn("attempt", move |ctx: NativeCallContext, body: Dynamic| attempt(&ctx, &stage, body));
}

fn attempt(ctx: &NativeCallContext, stage: &Stage, body: Dynamic) -> Called<Map> {
    let Some(body) = body.try_cast::<FnPtr>() else {
        return Complaint::new(ctx, Code::BadOption, "`attempt` wants a closure")
            .help("write `let tried = attempt(|| command(…)); if !tried.ok { … }`")
            .raise();
    };
    match body.call_within_context::<Dynamic>(ctx, ()) {
        Ok(value) => Ok(outcome(true, value, Dynamic::UNIT)),
        // A stop of the engine, or a limit of Rhai, is not for the script to judge.
        Err(error) if stage.has_stopped() || !error.is_catchable() => Err(error),
        Err(error) => {
            let thrown = match error.unwrap_inner() {
                EvalAltResult::ErrorRuntime(thrown, _) => thrown.clone(),
                _ => {
                    let diagnostic = blame_from(place(ctx).file, error, &stage.script).diagnostic;
                    // Whether it fails is what the rehearsal cannot know.
                    if diagnostic.code == Code::Unknowable {
                        return Err(stage.unknowable_here(diagnostic));
                    }
                    diagnostic.message.into()
                }
            };
            Ok(outcome(false, Dynamic::UNIT, thrown))
        }
    }
}

fn outcome(ok: bool, value: Dynamic, error: Dynamic) -> Map {
    Map::from([("ok".into(), ok.into()), ("value".into(), value), ("error".into(), error)])
}
