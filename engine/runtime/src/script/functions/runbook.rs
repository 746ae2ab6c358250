//! `runbook(#{ … })`: what the runbook says about itself, and its parameters.

use std::sync::Arc;

use rhai::{Dynamic, Engine, Map, NativeCallContext};

use crate::script::code::Code;
use crate::script::complaint::{Called, Complaint};
use crate::script::declaration;
use crate::script::here;
use crate::script::options::Options;
use crate::script::schema::table;
use crate::script::stage::{Purpose, Stage, Stop};

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
