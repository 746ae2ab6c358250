//! `rollback(name, …)`: adds to what is owed.

use std::sync::Arc;

use rhai::{Dynamic, Engine, NativeCallContext};
use runbook_model::step::{Rollback, RollbackPlan, StepKind, StepSpec};

use super::change::{Surroundings, plan};
use super::conversation::Asked;
use crate::script::diagnosis::code::Code;
use crate::script::diagnosis::complaint::{Called, Complaint};
use crate::script::functions::options::Options;
use crate::script::language::schema::table;
use crate::script::performing::stage::Stage;
use crate::script::values::json;

pub(super) fn register(engine: &mut Engine, stage: &Arc<Stage>) {
    let stage = Arc::clone(stage);
    engine.register_fn("rollback", move |ctx: NativeCallContext, name: Dynamic, given: Dynamic| {
        rollback(&ctx, &stage, &name, given)
    });
}

fn rollback(ctx: &NativeCallContext, stage: &Stage, name: &Dynamic, given: Dynamic) -> Called<Dynamic> {
    let given = given.flatten();
    if !(given.is_fnptr() || given.is_map() || given.is_array()) {
        let message = format!("a rollback wants to know what is owed, this is {}", json::named(&given));
        return Complaint::new(ctx, Code::BadOption, message)
            .help("write `rollback(\"…\", #{ run: [\"program\"] })` or `rollback(\"…\", || { … })`")
            .raise();
    }
    let options = Options::none(ctx, stage, table("rollback"))?;
    let (plan, block) = plan(&options, "", given, &Surroundings::default())?;
    debug_assert!(block.is_some() == (plan == RollbackPlan::Block));
    let (path, name) = stage.enter(ctx, name)?;
    if let Some(block) = block {
        stage.keep(ctx, &path, block);
    }
    let spec = StepSpec { name, kind: StepKind::Rollback(Rollback { plan }) };
    Asked { ctx, stage, path, spec, look: None, settle: None, against: None }.converse()
}
