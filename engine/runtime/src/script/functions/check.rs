//! `check(name, || …, #{ … })`: looks and never changes.

use std::sync::Arc;

use rhai::{Dynamic, Engine, FnPtr, NativeCallContext};
use runbook_model::step::{Check, StepKind, StepSpec};

use super::conversation::Asked;
use crate::script::diagnosis::code::Code;
use crate::script::diagnosis::complaint::{Called, Complaint};
use crate::script::functions::options::Options;
use crate::script::language::schema::table;
use crate::script::performing::stage::Stage;
use crate::script::values::closure::Closure;
use crate::script::values::json;

pub(super) fn register(engine: &mut Engine, stage: &Arc<Stage>) {
    let plain = Arc::clone(stage);
    engine
        .register_fn("check", move |ctx: NativeCallContext, name: Dynamic, look: Dynamic| check(&ctx, &plain, &name, look, None));
    let stage = Arc::clone(stage);
    engine.register_fn("check", move |ctx: NativeCallContext, name: Dynamic, look: Dynamic, given: Dynamic| {
        check(&ctx, &stage, &name, look, Some(given))
    });
}

fn check(ctx: &NativeCallContext, stage: &Stage, name: &Dynamic, look: Dynamic, given: Option<Dynamic>) -> Called<Dynamic> {
    let found = json::named(&look).to_owned();
    let Some(look) = look.try_cast::<FnPtr>() else {
        return Complaint::new(ctx, Code::BadOption, format!("a check wants a closure, this is {found}"))
            .help("write `check(\"…\", || …)`: the closure is called when the check looks, perhaps many times")
            .raise();
    };
    let options = match given {
        Some(given) => Options::read(ctx, stage, table("check"), given)?,
        None => Options::none(ctx, stage, table("check"))?,
    };
    let check = Check {
        within: options.length("within")?,
        during: options.length("during")?,
        every: options.length("every")?,
        advisory: options.flag("advisory"),
        expect: options.value("expect")?,
        assume: options.value("assume")?,
    };
    let against = options.raw("expect").and_then(|expected| stage.unknown_inside(&expected));
    let (path, name) = stage.enter(ctx, name)?;
    let spec = StepSpec { name, kind: StepKind::Check(check) };
    // Kept, and so with copies of what it captured: on replay the closure is not called, so nothing that it assigns
    // may be seen outside.
    Asked { ctx, stage, path, spec, look: Some(Closure::kept(ctx, look)), settle: None, against }.converse()
}
