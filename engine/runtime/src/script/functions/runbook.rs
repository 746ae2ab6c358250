//! `runbook(#{ … })`: what the runbook says about itself, and its parameters.

use std::sync::Arc;

use rhai::{Dynamic, Engine, Map, NativeCallContext};

use crate::script::diagnosis::code::Code;
use crate::script::diagnosis::complaint::{Called, Complaint};
use crate::script::functions::declaration;
use crate::script::functions::options::Options;
use crate::script::language::schema::table;
use crate::script::performing::here;
use crate::script::performing::stage::{Purpose, Stage, Stop};

pub(super) fn register(engine: &mut Engine, stage: &Arc<Stage>) {
    let stage = Arc::clone(stage);
    engine.register_fn("runbook", move |ctx: NativeCallContext, given: Dynamic| runbook(&ctx, &stage, given));
}

fn runbook(ctx: &NativeCallContext, stage: &Stage, given: Dynamic) -> Called<Map> {
    if here::with(|here| here.importing > 0) {
        return Complaint::new(ctx, Code::Declaration, "a module is no runbook: it cannot call `runbook(#{ … })`").raise();
    }
    if stage.state().declared {
        return Complaint::new(ctx, Code::Declaration, "`runbook(#{ … })` is called a second time").raise();
    }
    let declaration = declaration::read(&Options::read(ctx, stage, table("runbook"), given)?)?;
    match &stage.purpose {
        Purpose::Describe => Err(stage.halt(Stop::Described(Box::new(declaration)))),
        Purpose::Play { params, .. } => {
            stage.state().declared = true;
            Ok(params.clone())
        }
    }
}
