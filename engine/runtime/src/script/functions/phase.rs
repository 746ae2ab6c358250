//! `phase(name, #{ … }, || { … })`: groups steps.

use std::sync::Arc;

use rhai::{Dynamic, Engine, FnPtr, NativeCallContext};

use crate::operation::Operation;
use crate::script::diagnosis::code::Code;
use crate::script::diagnosis::complaint::{Called, Complaint};
use crate::script::functions::options::Options;
use crate::script::language::schema::table;
use crate::script::performing::here;
use crate::script::performing::stage::Stage;
use crate::script::values::json;

pub(super) fn register(engine: &mut Engine, stage: &Arc<Stage>) {
    let plain = Arc::clone(stage);
    engine
        .register_fn("phase", move |ctx: NativeCallContext, name: Dynamic, body: Dynamic| phase(&ctx, &plain, &name, None, body));
    let stage = Arc::clone(stage);
    engine.register_fn("phase", move |ctx: NativeCallContext, name: Dynamic, given: Dynamic, body: Dynamic| {
        phase(&ctx, &stage, &name, Some(given), body)
    });
}

fn phase(ctx: &NativeCallContext, stage: &Stage, name: &Dynamic, given: Option<Dynamic>, body: Dynamic) -> Called<Dynamic> {
    let found = json::named(&body).to_owned();
    let Some(body) = body.try_cast::<FnPtr>() else {
        return Complaint::new(ctx, Code::BadOption, format!("a phase wants a closure with its steps, this is {found}"))
            .help("write `phase(\"…\", || { … });`")
            .raise();
    };
    let options = match given {
        Some(given) => Options::read(ctx, stage, table("phase"), given)?,
        None => Options::none(ctx, stage, table("phase"))?,
    };
    let budget = options.length("budget")?;
    let locks = options.locks()?;
    let (path, _) = stage.enter(ctx, name)?;
    if !locks.names.is_empty() && here::with(|here| !here.branch.is_root()) {
        // A lock is held by the run: two branches would both have it, and the first to leave would give it away.
        return Complaint::new(ctx, Code::Branches, "a phase in a branch of a `parallel` cannot have a lock")
            .help("a lock keeps other runs away, not other branches: give it to a phase around the `parallel`, or to the runbook")
            .raise();
    }
    stage.perform(Operation::EnterPhase { path: path.clone(), budget, locks })?;
    let value = stage.below(path.clone(), || body.call_within_context::<Dynamic>(ctx, ()))?;
    stage.perform(Operation::LeavePhase { path })?;
    Ok(value)
}
